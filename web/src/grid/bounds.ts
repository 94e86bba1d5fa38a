import type { Cells } from './types'

export type Bounds = [west: number, south: number, east: number, north: number]

/** How far cells reach; null where there are none. Loops, because a million points fit no call. */
export function boundsOfCells({ features }: Cells): Bounds | null {
  const bounds: Bounds = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { geometry } of features) {
    const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
    for (const [outer] of polygons) {
      for (const [lon, lat] of (outer ?? []) as [number, number][]) {
        bounds[0] = Math.min(bounds[0], lon)
        bounds[1] = Math.min(bounds[1], lat)
        bounds[2] = Math.max(bounds[2], lon)
        bounds[3] = Math.max(bounds[3], lat)
      }
    }
  }
  return bounds[0] <= bounds[2] ? bounds : null
}
