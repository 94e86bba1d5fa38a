/** What lies near a place, in degrees of latitude: small distances, for a hand on the map. */
import type { Line, Point } from './types'

export interface Near {
  /** The segment's number along the line. */
  segment: number
  at: Point
  distance: number
}

/** The place of a line (two points or more) that is nearest to another place. */
export function nearestOn(line: Line, place: Point): Near {
  let best: Near = { segment: 0, at: line[0]!, distance: Infinity }
  for (let segment = 0; segment + 1 < line.length; segment++) {
    const at = nearestBetween(line[segment]!, line[segment + 1]!, place)
    const distance = distanceTo(place, at)
    if (distance < best.distance) best = { segment, at, distance }
  }
  return best
}

/** A degree of longitude is shorter than one of latitude. */
export function distanceTo([lon, lat]: Point, [otherLon, otherLat]: Point): number {
  return Math.hypot((otherLon - lon) * squeeze(lat), otherLat - lat)
}

function nearestBetween(start: Point, end: Point, [lon, lat]: Point): Point {
  const narrow = squeeze(lat)
  const [x, y] = [(lon - start[0]) * narrow, lat - start[1]]
  const [dx, dy] = [(end[0] - start[0]) * narrow, end[1] - start[1]]
  const length = dx * dx + dy * dy
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / length))
  // Bit for bit, where it is one of the ends.
  if (share === 0) return start
  if (share === 1) return end
  return [start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])]
}

function squeeze(lat: number): number {
  return Math.cos((lat * Math.PI) / 180)
}
