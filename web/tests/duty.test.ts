import { describe, expect, it } from 'vitest'

import type { Officer, Unit } from '@/api/types'
import { addMonths, barOf, daysOf, lanesOf, monthOf, spanText, weekOf } from '@/duty/days'
import { readHours, sayHours } from '@/duty/hours'
import { groupsOf } from '@/duty/rows'
import type { Shift } from '@/duty/types'
import { sheetUnits, unitsBelow } from '@/duty/units'

const SHANGHAI = 'Asia/Shanghai'

describe('the sheet of a roster', () => {
  const week = daysOf(weekOf('2026-11-25'), SHANGHAI)

  it('begins its weeks on Monday and knows how long months are', () => {
    expect(week.map((day) => day.date)).toEqual(weekOf('2026-11-29'))
    expect(week[0]!.date).toBe('2026-11-23')
    expect(monthOf('2028-02-10')).toHaveLength(29)
    expect(addMonths('2026-12-31', 1)).toBe('2027-01-01')
  })

  it('draws a night as one bar across midnight', () => {
    const night = { start: '2026-11-23T18:00:00+08:00', end: '2026-11-24T06:00:00+08:00' }
    const bar = barOf(night, week)!
    expect(bar.left * 7).toBeCloseTo(0.75)
    expect(bar.width * 7).toBeCloseTo(0.5)
    expect(spanText(night, SHANGHAI)).toBe('11-23 18:00 – 11-24 06:00')
  })

  it('cuts what began before it, and leaves out what lies elsewhere', () => {
    const before = { start: '2026-11-22T18:00:00+08:00', end: '2026-11-23T06:00:00+08:00' }
    expect(barOf(before, week)).toEqual({ left: 0, width: 0.25 / 7 })
    const elsewhere = { start: '2026-11-20T00:00:00+08:00', end: '2026-11-21T00:00:00+08:00' }
    expect(barOf(elsewhere, week)).toBeNull()
  })

  it('has days of 23 and 25 hours where the clocks change', () => {
    const hours = daysOf(['2026-03-08', '2026-11-01'], 'America/Chicago').map(
      ({ start, end }) => (end - start) / 3_600_000,
    )
    expect(hours).toEqual([23, 25])
  })

  it('lays shifts that overlap in lanes', () => {
    const span = (start: number, end: number) => ({
      start: `2026-11-23T${String(start).padStart(2, '0')}:00:00+08:00`,
      end: `2026-11-23T${String(end).padStart(2, '0')}:00:00+08:00`,
    })
    expect(lanesOf([span(0, 8), span(4, 12), span(8, 16)])).toEqual([0, 1, 0])
  })
})

describe("the hours of a pattern's day", () => {
  it('are read as they are written, and refused where they are none', () => {
    const read = readHours('8:30-12:00，14:00–17:30')
    expect(read && sayHours(read)).toBe('08:30-12:00, 14:00-17:30')
    expect(readHours('')).toEqual([])
    expect(readHours('in the morning')).toBeNull()
  })
})

describe('the units and rows of a roster', () => {
  const unit = (code: string, parent: string | null, kind = 'station') =>
    ({ code, parent, kind, name: code, name_en: null }) as Unit
  const units = [unit('B', null, 'bureau'), unit('S', 'B'), unit('S1', 'S', 'team'), unit('T', 'B')]

  it("are those at or below the account's own", () => {
    const codes = (found: Unit[]) => found.map((each) => each.code)
    expect(codes(unitsBelow(units, new Set(['S'])))).toEqual(['S', 'S1'])
    expect(codes(sheetUnits(units, new Set(['B'])))).toEqual(['B', 'S', 'T'])
    expect(codes(sheetUnits(units.slice(1, 3), new Set(['S1'])))).toEqual(['S1'])
  })

  it('put who helps out with the unit that they serve', () => {
    const officer = { service_number: '1', display_name: '1', unit: { code: 'S1', name: 'S1' } } as Officer
    const helper = { service_number: '2', display_name: '2', username: '2' }
    const shift = {
      id: 1,
      officer: helper,
      unit: { code: 'S', name: 'S' },
      start: '2026-11-23T00:00:00Z',
      end: '2026-11-23T08:00:00Z',
    } as Shift
    const groups = groupsOf(units, [officer], [shift], [])
    expect(groups.map((group) => [group.unit.code, group.rows.map((row) => row.number)])).toEqual([
      ['S', ['2']],
      ['S1', ['1']],
    ])
  })
})
