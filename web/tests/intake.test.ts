import { describe, expect, it } from 'vitest'

import type { Category, Preview } from '@/api/types'
import { isBlank, missing, newCall, nextSame, putAt, questionOf, reportOf, sameAs, type GivenPlace } from '@/intake/call'
import { below, byKey, levelOf, pathTo } from '@/intake/categories'
import { crsOf, MERIDIANS, readPair } from '@/intake/coordinates'
import { actionOf } from '@/intake/keys'
import { mayBeCode, nameOf, optionsFor, type FoundPlace } from '@/intake/options'

describe('coordinates', () => {
  it.each([
    ['118.4147, 29.1366', 118.4147, 29.1366],
    ['118.4147，29.1366', 118.4147, 29.1366],
    ['  40344731.624  3221958.567 ', 40344731.624, 3221958.567],
    ['-71.05;42.36', -71.05, 42.36],
    ['29°08\'12"N 118°24\'54"E', 118.415, 29.136666666666667],
    ['N29.5 E118.5', 118.5, 29.5],
    ['北纬29度30分，东经118度15分36秒', 118.26, 29.5],
    ['33.5S, 70.5W', -70.5, -33.5],
  ])('are read from %s', (text, x, y) => {
    const pair = readPair(text)!
    expect(pair.x).toBeCloseTo(x, 9)
    expect(pair.y).toBeCloseTo(y, 9)
  })

  it.each(['华埠镇张湾村', '解放街 12 号', '118.4147', '1,2,3', '330824115231001', 'N29.5 N118.5', '东经118.4'])(
    'are not seen in %s',
    (text) => expect(readPair(text)).toBeNull(),
  )

  const PREFIXED = { x: 40344731.6, y: 3221958.6 }

  it('are in what was chosen, or in nothing', () => {
    expect(crsOf('', PREFIXED)).toEqual({ problem: 'no_crs' })
    expect(crsOf('gcj02', { x: 118.4, y: 29.1 })).toEqual({ crs: 'gcj02' })
    expect(crsOf('EPSG:4549', PREFIXED)).toEqual({ crs: 'EPSG:4549' })
  })

  it('say their zone by the millions of the easting', () => {
    expect(crsOf('gk3', PREFIXED)).toEqual({ crs: 'EPSG:4528' })
    expect(crsOf('gk3', { x: 25_500_000, y: 4e6 })).toEqual({ crs: 'EPSG:4513' })
    expect(crsOf('gk3', { x: 45_500_000, y: 4e6 })).toEqual({ crs: 'EPSG:4533' })
    expect(crsOf('gk3', { x: 344_731, y: 3e6 })).toEqual({ problem: 'no_zone' })
    expect(crsOf('gk3', { x: 46_500_000, y: 3e6 })).toEqual({ problem: 'no_zone' })
    expect(crsOf('gk3', { x: 3221958, y: 40344731 })).toEqual({ problem: 'swapped' })
  })

  it('without a zone go by the central meridian', () => {
    expect(MERIDIANS[0]).toEqual({ code: 'EPSG:4534', degrees: 75 })
    expect(MERIDIANS.find(({ degrees }) => degrees === 120)?.code).toBe('EPSG:4549')
    expect(MERIDIANS.at(-1)).toEqual({ code: 'EPSG:4554', degrees: 135 })
  })
})

describe('categories by keys', () => {
  const row = (code: string, parent: string | null) => ({ code, parent, broad_class: 'help' }) as Category
  const table = [row('criminal', null), row('help', null), row('01', 'help'), row('02', 'help'), row('0201', '02')]

  it('go from a class down', () => {
    expect(below(table, null).map(({ code }) => code)).toEqual(['criminal', 'help'])
    expect(byKey(table, null, '2')?.code).toBe('help')
    expect(byKey(table, 'help', '2')?.code).toBe('02')
    expect(byKey(table, 'help', '3')).toBeNull()
    expect(byKey(table, 'help', 'Enter')).toBeNull()
    expect(pathTo(table, '0201').map(({ code }) => code)).toEqual(['help', '02', '0201'])
  })

  it('stay beside a category with nothing below it', () => {
    expect(levelOf(table, null)).toBeNull()
    expect(levelOf(table, 'help')).toBe('help')
    expect(levelOf(table, '0201')).toBe('02')
    expect(levelOf(table, 'criminal')).toBeNull()
  })

  it('show what lost its class among the top ones', () => {
    expect(below([row('03', 'gone')], null)).toHaveLength(1)
  })
})

describe('the keys of a call', () => {
  const pressed = { code: '', key: '', altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, isComposing: false }

  it('are Alt and a letter, whatever the system writes with it', () => {
    expect(actionOf({ ...pressed, altKey: true, code: 'KeyP', key: 'π' })).toBe('place')
    expect(actionOf({ ...pressed, altKey: true, code: 'Digit3', key: '3' })).toEqual({ priority: 3 })
    expect(actionOf({ ...pressed, code: 'KeyP', key: 'p' })).toBeNull()
    expect(actionOf({ ...pressed, altKey: true, ctrlKey: true, code: 'KeyP', key: 'p' })).toBeNull()
  })

  it('send by Ctrl+Enter, but not out of an input method', () => {
    const enter = { ...pressed, ctrlKey: true, code: 'Enter', key: 'Enter' }
    expect(actionOf(enter)).toBe('send')
    expect(actionOf({ ...enter, isComposing: true })).toBeNull()
    expect(actionOf({ ...enter, ctrlKey: false })).toBeNull()
  })
})

const VILLAGE: GivenPlace = { x: 118.36, y: 29.01, crs: 'EPSG:4326', by: 'name', label: '独山村' }
const POINT: GivenPlace = { x: 118.37, y: 29.02, crs: 'EPSG:4326', by: 'map', label: '' }

describe('a call', () => {
  it('is blank until something was said', () => {
    const call = newCall(0)
    expect(isBlank(call)).toBe(true)
    expect(isBlank({ ...call, words: ' ' })).toBe(true)
    expect(isBlank({ ...call, priority: 2 })).toBe(false)
    expect(isBlank({ ...call, place: POINT })).toBe(false)
  })

  it('lacks a place first, then a category', () => {
    const call = newCall(0)
    expect(missing(call)).toBe('place')
    putAt(call, POINT)
    expect(missing(call)).toBe('category')
    expect(missing({ ...call, category: 'help' })).toBeNull()
  })

  it('keeps the name of a place as the address, unless another was written', () => {
    const call = newCall(0)
    putAt(call, VILLAGE)
    expect(call.address).toBe('独山村')
    putAt(call, { ...VILLAGE, label: '华山村' })
    expect(call.address).toBe('华山村')
    call.address = '华山村小学'
    putAt(call, VILLAGE)
    expect([call.address, call.words]).toEqual(['华山村小学', '独山村'])
  })

  it('keeps what was heard when the place is pointed at instead', () => {
    const call = newCall(0)
    call.words = '加油站后面'
    putAt(call, POINT)
    expect(call.address).toBe('加油站后面')
    const other = newCall(0)
    other.words = '118.4, 29.1'
    putAt(other, POINT)
    expect(other.address).toBe('')
  })

  it('is asked about by its place alone, and reported as it was given', () => {
    const call = newCall(0)
    expect(questionOf(call)).toBeNull()
    putAt(call, { x: 40344731.6, y: 3221958.6, crs: 'EPSG:4528', by: 'coordinates', label: '…' })
    expect(questionOf(call)).toEqual({ lon: 40344731.6, lat: 3221958.6, crs: 'EPSG:4528' })
    Object.assign(call, { category: 'help', accuracy: 80, description: ' 摔倒 ', reportedAt: '2026-03-10T09:30' })
    expect(reportOf(call, 'Asia/Shanghai')).toEqual({
      source: 'command-room',
      external_id: call.id,
      category: 'help',
      lon: 40344731.6,
      lat: 3221958.6,
      crs: 'EPSG:4528',
      accuracy_m: 80,
      description: '摔倒',
      reported_at: '2026-03-10T01:30:00.000Z',
    })
  })

  it('goes through what may be the same event, and then to none', () => {
    const related = [7, 9].map((id) => ({ incident: { number: 1000 + id, task: { id } } })) as Preview['related']
    const call = newCall(0)
    const seen: (number | undefined)[] = []
    for (let press = 0; press < 4; press++) {
      call.same = sameAs(nextSame(call, related))
      seen.push(call.same?.task)
    }
    expect(seen).toEqual([7, 9, undefined, 7])
  })
})

describe('what the place field offers', () => {
  const place = { id: 4, name: '独山村', address: '华埠镇' } as FoundPlace

  it('is places, then cells, then the words themselves', () => {
    const cell = { code: '330824115231001', name: '独山村', station: null, lon: 1, lat: 2 }
    expect(optionsFor('独山', [place], [cell]).map(({ key }) => key)).toEqual(['place-4', `cell-${cell.code}`, 'words'])
  })

  it('is nothing for coordinates', () => {
    expect(optionsFor('118.4, 29.1', [], [])).toEqual([])
    expect(optionsFor('', [place], [])).toEqual([])
  })

  it('takes some digits for the part of a code', () => {
    expect(['115231', '330824-01'].every(mayBeCode)).toBe(true)
    expect(['12', '张湾', 'zwc', '解放街12号'].some(mayBeCode)).toBe(false)
  })

  it('writes down a name with where it is', () => {
    expect(nameOf(place)).toBe('独山村（华埠镇）')
    expect(nameOf({ name: '独山村', address: '华埠镇独山村' })).toBe('华埠镇独山村')
    expect(nameOf({ name: '独山村', address: null })).toBe('独山村')
  })
})
