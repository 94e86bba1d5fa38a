/** Calls by squares of the ground, as a heat map wants them; pure. */
import type { LiveFeature } from './incremental'
import type { Heat } from './types'

/** A square with so many times the mean weighs the most: one bad address doesn't pale the rest. */
const FULL_AT = 2

export function heatFeatures({ squares, calls }: Heat): LiveFeature[] {
  const full = Math.max(1, (FULL_AT * calls) / Math.max(1, squares.length))
  return squares.map(({ lon, lat, calls: here }) => ({
    type: 'Feature',
    id: `${lon} ${lat}`,
    geometry: { type: 'Point', coordinates: [lon, lat] },
    properties: { weight: Math.min(1, here / full) },
  }))
}
