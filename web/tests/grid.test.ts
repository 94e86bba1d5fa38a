import { describe, expect, it } from 'vitest'

import { instantOf } from '@/base/format'
import { centreOf, polygonAreaM2, ringAreaM2 } from '@/grid/areas'
import { inOrder, kindsOf, measure } from '@/grid/faults'
import { area, areaChange, span, standing } from '@/grid/names'
import type { Fault, Line, Version } from '@/grid/types'

const NOW = Date.parse('2026-11-22T08:00:00+08:00')

function version(changes: Partial<Version>): Version {
  return { name: 'v', state: 'published', valid_from: null, valid_to: null, cells: 4, revision: 1, ...changes }
}

function fault(changes: Partial<Fault>): Fault {
  const nowhere = { cells: [], area_m2: null, length_m: null, lon: null, lat: null }
  return { id: '1', geometry: null, kind: 'gap', blocking: true, text: '', code: 'coverage.gap', params: {}, ...nowhere, ...changes }
}

describe('areas on the ellipsoid', () => {
  // By pyproj.Geod(ellps='WGS84') along the parallels and meridians.
  const square: Line = [
    [118.4, 29.1],
    [118.41, 29.1],
    [118.41, 29.11],
    [118.4, 29.11],
  ]

  it('agree with the geodesic area', () => {
    expect(ringAreaM2(square)).toBeCloseTo(1078895.2, 0)
    expect(ringAreaM2([...square].reverse())).toBeCloseTo(-1078895.2, 0)
  })

  it('take holes off, whichever way they run', () => {
    expect(polygonAreaM2([square, square])).toBeCloseTo(0, 6)
  })

  it('name the centre of a ring', () => {
    const [lon, lat] = centreOf(square)
    expect(lon).toBeCloseTo(118.405, 9)
    expect(lat).toBeCloseTo(29.105, 9)
  })
})

describe('a list of faults', () => {
  it('begins with what blocks, the largest first', () => {
    const faults = [
      fault({ kind: 'sliver', blocking: false }),
      fault({ kind: 'gap', area_m2: 3 }),
      fault({ kind: 'gap', area_m2: 40 }),
    ]
    expect(inOrder(faults).map((each) => each.area_m2)).toEqual([40, 3, null])
    expect(kindsOf(inOrder(faults))).toEqual([
      { kind: 'gap', count: 2 },
      { kind: 'sliver', count: 1 },
    ])
  })

  it('measures by area, else by length', () => {
    expect(measure(fault({ area_m2: 12_340 }), 'en')).toBe('1.234 ha')
    expect(measure(fault({ length_m: 0.512 }), 'en')).toBe('0.512 m')
    expect(measure(fault({}), 'en')).toBe('')
  })
})

describe('versions in time', () => {
  it('are to come or in force once they are published', () => {
    const tomorrow = '2026-11-23T08:00:00+08:00'
    expect(standing(version({ state: 'draft' }), NOW)).toBe('draft')
    expect(standing(version({ valid_from: tomorrow }), NOW)).toBe('coming')
    expect(standing(version({ valid_from: tomorrow }), NOW + 2 * 86_400_000)).toBe('in_force')
  })

  it("show their span by the bureau's clock", () => {
    const inForce = version({ valid_from: '2026-11-22T00:00:00Z' })
    expect(span(inForce, 'Asia/Shanghai')).toBe('2026-11-22 08:00 – ')
    expect(span(version({}), 'Asia/Shanghai')).toBeNull()
  })

  it("begin when the bureau's clock says so, wherever the desk stands", () => {
    expect(instantOf('2026-11-22T08:00', 'Asia/Shanghai').toISOString()).toBe(
      '2026-11-22T00:00:00.000Z',
    )
  })
})

it('measures are said in units that fit', () => {
  expect(area(512.4, 'en')).toBe('512.4 m²')
  expect(area(2_345_678, 'en')).toBe('2.346 km²')
  expect(areaChange(-20, 'en')).toBe('−20 m²')
})
