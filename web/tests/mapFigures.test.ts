import { describe, expect, it } from 'vitest'

import { basemapLabels, basemapLayers, basemapSource, type Ground } from '@/map/basemap'
import { classFigures, figuresChanged, loadFigures, openByCell, rangesOf } from '@/map/cellFigures'
import { cellLayers, seenShade } from '@/map/cellLayers'
import { NO_CHOICE, read } from '@/map/choice'
import { heatFeatures } from '@/map/heat'
import { changeTo, NONE, type LiveFeature } from '@/map/incremental'
import { heatLayers, seenHeat } from '@/map/deskLayers'
import { DAY, seenOn } from '@/map/palette'
import { aboardOf, busyOf, officerFeatures, pixelsAtZoom0, STALE_MS, unitFeatures, type Look } from '@/map/units'
import { card } from './samples'

const AT = Date.parse('2026-11-22T13:00:00+08:00')
const place = (id: number, lon: number, name = 'a'): LiveFeature => ({
  type: 'Feature',
  id,
  geometry: { type: 'Point', coordinates: [lon, 29] },
  properties: { name },
})

describe('what changed of a source', () => {
  it('is all of it at first, and nothing when nothing changed', () => {
    const first = changeTo(NONE, [place(1, 118), place(2, 119)])
    expect(first.diff.add).toHaveLength(2)
    expect(changeTo(first.standing, [place(2, 119), place(1, 118)]).isEmpty).toBe(true)
  })

  it('is what moved, what is said otherwise, what came and what went', () => {
    const { standing } = changeTo(NONE, [place(1, 118), place(2, 119), place(3, 120)])
    const { diff, isEmpty } = changeTo(standing, [place(1, 118.5), place(2, 119, 'b'), place(4, 121)])
    expect(diff.add?.map(({ id }) => id)).toEqual([1, 2, 4])
    expect([diff.remove, isEmpty]).toEqual([[3], false])
  })
})

describe('cells by a figure', () => {
  const paintOf = ({ paint }: { paint?: object }) => paint as Record<string, number>

  it('are seen in a legend as on the ground', () => {
    expect(seenOn(DAY, '#4f3aa3', 0.55)).toBe(`color-mix(in srgb, #4f3aa3 55%, ${DAY.ground})`)
    const [fill] = cellLayers(DAY, ['a'], 'load').map(paintOf)
    expect(seenShade(DAY, DAY.load[4]!, 'load')).toBe(seenOn(DAY, DAY.load[4]!, fill!['fill-opacity']!))
    const [byStation] = cellLayers(DAY, ['a'], 'station').map(paintOf)
    expect(seenShade(DAY, DAY.stations[0]!, 'station')).toBe(seenOn(DAY, DAY.stations[0]!, byStation!['fill-opacity']!))
    const [heat] = heatLayers(DAY).map(paintOf)
    expect(seenHeat(DAY)[0]).toBe(seenOn(DAY, DAY.heat[0]!, heat!['heatmap-opacity']!))
  })

  it('count what is open, cell by cell', () => {
    const cards = [card(), card({ id: 2, state: 'signed' }), card({ id: 3, state: 'closed' })]
    expect([...openByCell(cards)]).toEqual([['330824100001001', 2]])
  })

  it.each([
    [[], []],
    [[0, 0], []],
    [[3], [[3, 3]]],
    [[1, 1, 1, 2], [[1, 1], [2, 2]]],
    [[1, 1, 1, 1, 1, 1, 1, 2, 6], [[1, 1], [2, 5], [6, 6]]],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 50], [[1, 2], [3, 4], [5, 6], [7, 8], [9, 50]]],
  ])('fall into classes that hold every count once: %j', (counts, expected) => {
    const ranges = rangesOf(counts)
    expect(ranges.map(({ from, to }) => [from, to])).toEqual(expected)
    const figures = loadFigures(new Map(counts.map((count, at) => [String(at), count])), ranges)
    for (const [at, count] of counts.entries()) {
      const { from, to } = ranges[figures.get(String(at))!.rank] ?? { from: 0, to: 0 }
      expect(count >= from && count <= to).toBe(true)
    }
  })

  it('say in words what is commonest', () => {
    const calls = [{ cell: 'a', calls: 4, commonest: 'traffic' as const, of_commonest: 3 }]
    expect(classFigures(calls, (name) => `<${name}>`).get('a')).toEqual({ rank: 2, label: '<traffic>' })
  })

  it('change only where another class holds', () => {
    const before = new Map([['a', { rank: 0, label: '1' }], ['b', { rank: 1, label: '2' }]])
    const after = new Map([['a', { rank: 0, label: '2' }], ['c', { rank: 1, label: '2' }]])
    expect(figuresChanged(before, after)).toEqual([['c', { rank: 1, label: '2' }], ['b', null]])
  })
})

describe('officers and units', () => {
  const look: Look = { now: AT, online: (name) => name !== 'gone', age: (minutes) => `${minutes} min` }
  const seen = (username: string, ageMs = 0, more = {}) => ({
    username,
    display_name: username,
    lon: 118.4,
    lat: 29,
    at: new Date(AT - ageMs).toISOString(),
    ...more,
  })
  const only = (position: ReturnType<typeof seen>, busy = new Set<string>()) =>
    officerFeatures([position], new Set(), busy, look)[0]!.properties!

  it('are busy with a task under way, not with one that they were only told of', () => {
    const assignee = { username: '1', display_name: '1', kind: 'officer' as const }
    expect([...busyOf([card({ assignee }), card({ id: 2, state: 'en_route', assignee: { ...assignee, username: '2' } })])]).toEqual(['2'])
    expect(only(seen('2'), new Set(['2']))['icon']).toBe('officer-busy')
    expect([only(seen('1'))['icon'], only(seen('gone'))['icon']]).toEqual(['officer-free', 'officer-away'])
  })

  it('say how old a position is once it is old, and turn nowhere then', () => {
    const fresh = only(seen('1', STALE_MS, { heading: 90, speed_mps: 5 }))
    const old = only(seen('1', STALE_MS + 1000, { heading: 90, speed_mps: 5 }))
    expect([fresh['label'], fresh['stale'], fresh['heading']]).toEqual(['1', false, 90])
    expect([old['label'], old['stale'], old['heading']]).toEqual(['1 · 5 min', true, null])
    expect(only(seen('1', 0, { heading: 90, speed_mps: 0.2 }))['heading']).toBeNull()
  })

  it('mark a low battery and reach as far as they are accurate', () => {
    expect([only(seen('1', 0, { battery: 0.1 }))['low'], only(seen('1', 0, { battery: 0.15 }))['low']]).toEqual([true, false])
    // At zoom 10 a pixel shows 66.8 m at this latitude.
    expect(pixelsAtZoom0(1000, 29.13) * 2 ** 10).toBeCloseTo(1000 / 66.77, 1)
    expect(only(seen('1'))['reach']).toBe(0)
  })

  it('ride with their unit, which stands where the newest of them is', () => {
    const unit = {
      code: 'P1',
      name: 'Car 1',
      kind: 'patrol_car' as const,
      in_service: true,
      crew: [{ username: '1' }, { username: '2' }],
    }
    const officers = { 1: seen('1', 60_000, { lon: 1 }), 2: seen('2', 0, { lon: 2 }) }
    const [feature] = unitFeatures([unit], officers, new Set(['1']), look)
    expect([feature!.geometry.coordinates[0], feature!.properties!['icon']]).toEqual([2, 'unit-patrol_car-busy'])
    expect([...aboardOf([unit], officers)]).toEqual(['1', '2'])
    expect([...aboardOf([{ ...unit, in_service: false }], officers)]).toEqual([])
    expect(unitFeatures([unit], {}, new Set(), look)).toEqual([])
  })
})

describe('the map as it was left', () => {
  it('is understood as far as it can be', () => {
    expect(read(null)).toEqual(NO_CHOICE)
    expect(read('{')).toEqual(NO_CHOICE)
    expect(read('3')).toEqual(NO_CHOICE)
    expect(read('{"colouring":"load","days":8,"heat":true}')).toEqual({ ...NO_CHOICE, colouring: 'load', heat: true })
    const choice = { ...NO_CHOICE, colouring: 'category', basis: 'calls', heatDays: 90, units: false } as const
    expect(read(JSON.stringify(choice))).toEqual(choice)
  })
})

describe('heat', () => {
  it('weighs a square by the others, and no more than fully', () => {
    const squares = [9, 1, 1, 1].map((calls, at) => ({ lon: at, lat: 0, calls }))
    const weights = heatFeatures({ squares, calls: 12, side_deg: 0.001, from: '', to: '' }).map(({ properties }) => properties!['weight'])
    expect(weights).toEqual([1, 1 / 6, 1 / 6, 1 / 6])
  })
})

describe('a basemap', () => {
  const ground = (kind: 'vector' | 'raster', format: 'pmtiles' | 'xyz', layers: string[] = []): Ground => ({
    basemap: { kind, format, address: '/b/{z}/{x}/{y}', minzoom: 0, maxzoom: 14, bounds: [1, 2, 3, 4], attribution: null },
    layers: new Set(layers),
  })

  it('of pictures is one layer, toned down', () => {
    const picture = ground('raster', 'xyz')
    expect(basemapLayers(picture, DAY)).toEqual([
      { id: 'basemap', type: 'raster', source: 'basemap', paint: DAY.raster },
    ])
    expect(basemapLabels(picture, DAY)).toEqual([])
    expect(basemapSource(picture)['basemap']).toMatchObject({ type: 'raster', tiles: ['/b/{z}/{x}/{y}'] })
  })

  it('of vectors draws what it knows by name, areas under lines', () => {
    const vectors = ground('vector', 'xyz', ['roads', 'water', 'place', 'aliens'])
    expect(basemapLayers(vectors, DAY).map(({ id }) => id)).toEqual(['basemap-water', 'basemap-roads'])
    expect(basemapLabels(vectors, DAY).map(({ id }) => id)).toEqual(['basemap-place'])
  })
})
