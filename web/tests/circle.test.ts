import { describe, expect, it } from 'vitest'

import { circleRing } from '@/map/circle'

const KAIHUA = { lon: 118.4147, lat: 29.1366 }
/** Metres of a degree of longitude and of latitude there, on the WGS84 ellipsoid. */
const METRES = { lon: 97_332, lat: 110_861 }

describe('a circle on the map', () => {
  it('is a closed ring whose corners all lie as far away as its radius', () => {
    const ring = circleRing(KAIHUA, 800)
    expect(ring[0]).toEqual(ring.at(-1))
    for (const [lon, lat] of ring) {
      const away = Math.hypot((lon - KAIHUA.lon) * METRES.lon, (lat - KAIHUA.lat) * METRES.lat)
      expect(Math.abs(away - 800)).toBeLessThan(800 * 0.006)
    }
  })
})
