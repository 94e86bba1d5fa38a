import { describe, expect, it } from 'vitest'

import { gcj02ToBd09, wgs84ToGcj02, type LonLat } from '@/base/shifted'
import { wayTo } from '@/terminal/navigation'
import points from './shifted.json'

const METRE = 1e-5

describe('shifted coordinates', () => {
  it.each(points)('of $wgs84 are those of the server', ({ wgs84, gcj02, bd09 }) => {
    const shifted = wgs84ToGcj02(wgs84 as unknown as LonLat)
    expect(shifted[0]).toBeCloseTo(gcj02[0]!, 9)
    expect(shifted[1]).toBeCloseTo(gcj02[1]!, 9)
    const again = gcj02ToBd09(shifted)
    expect(again[0]).toBeCloseTo(bd09[0]!, 9)
    expect(again[1]).toBeCloseTo(bd09[1]!, 9)
  })
})

describe('the way to a place', () => {
  const { wgs84, gcj02, bd09 } = points[0]!
  const place = { lon: wgs84[0]!, lat: wgs84[1]! }
  const numbers = (link: string) => [...link.matchAll(/-?\d+\.\d+/g)].map(Number)

  it.each([
    ['amap', gcj02],
    ['tencent', gcj02],
    ['baidu', bd09],
    ['other', wgs84],
  ] as const)('goes to %s in its own coordinates, latitude first', (app, [lon, lat]) => {
    const [first, second] = numbers(wayTo(app, place))
    expect(Math.abs(first! - lat!)).toBeLessThan(METRE)
    expect(Math.abs(second! - lon!)).toBeLessThan(METRE)
  })

  it('is a geo link for any other app', () => {
    expect(wayTo('other', { lon: 118.4, lat: 29.1 })).toBe('geo:29.100000,118.400000?q=29.100000,118.400000')
  })
})
