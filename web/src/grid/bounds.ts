import type { Cells } from './types'

export type Bounds = [west: number, south: number, east: number, north: number]

export function contains(outer: Bounds, [west, south, east, north]: Bounds): boolean {
  return outer[0] <= west && outer[1] <= south && outer[2] >= east && outer[3] >= north
}

/** Half as much again on each side. */
export function widened([west, south, east, north]: Bounds): Bounds {
  const [dx, dy] = [(east - west) / 2, (north - south) / 2]
  return [
    Math.max(-180, west - dx),
    Math.max(-90, south - dy),
    Math.min(180, east + dx),
    Math.min(90, north + dy),
  ]
}

/** How much of the first bounds lies in the second, from 0 to 1. */
export function shareWithin(first: Bounds, second: Bounds): number {
  const overlap = (low: 0 | 1) =>
    Math.max(0, Math.min(first[low + 2]!, second[low + 2]!) - Math.max(first[low]!, second[low]!))
  const area = (first[2] - first[0]) * (first[3] - first[1])
  return area > 0 ? (overlap(0) * overlap(1)) / area : 1
}

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
