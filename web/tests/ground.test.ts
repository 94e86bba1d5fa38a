import { describe, expect, it } from 'vitest'

import { addressOf, tileAt, tilesOver, type Bounds } from '@/live/ground'

describe('tiles', () => {
  // By the formula of OpenStreetMap's slippy map, worked out elsewhere.
  it.each([
    [0, 0, 1, { z: 1, x: 1, y: 1 }],
    [-180, 85, 3, { z: 3, x: 0, y: 0 }],
    [118.4146, 29.1365, 12, { z: 12, x: 3395, y: 1701 }],
    [180, -90, 2, { z: 2, x: 3, y: 3 }],
  ])('at %f %f', (lon, lat, z, tile) => expect(tileAt(lon, lat, z)).toEqual(tile))

  it('cover bounds at each zoom, the coarse ones first', () => {
    const bounds: Bounds = [118.38, 29.1, 118.46, 29.16]
    const tiles = tilesOver(bounds, 11, 13)
    expect(tiles.map((tile) => tile.z)).toEqual([...tiles.map((tile) => tile.z)].sort())
    for (const z of [11, 12, 13]) {
      expect(tiles).toContainEqual(tileAt(118.38, 29.1, z))
      expect(tiles).toContainEqual(tileAt(118.46, 29.16, z))
      expect(tiles).toContainEqual(tileAt(118.42, 29.13, z))
    }
    expect(new Set(tiles.map((tile) => JSON.stringify(tile))).size).toBe(tiles.length)
  })

  it('have the address that the template gives', () => {
    const template = 'http://localhost/tiles/grid/{z}/{x}/{y}.mvt?v=1'
    expect(addressOf(template, { z: 12, x: 3395, y: 1701 })).toBe(
      'http://localhost/tiles/grid/12/3395/1701.mvt?v=1',
    )
  })
})
