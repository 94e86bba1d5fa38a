/** Areas on the WGS 84 ellipsoid, by Lambert's cylindrical equal-area projection of it. */
import type { Line } from './types'

const SEMI_MAJOR_M = 6_378_137
const FLATTENING = 1 / 298.257223563
const ECCENTRICITY = Math.sqrt(FLATTENING * (2 - FLATTENING))
const RADIANS = Math.PI / 180

/** The function q of the authalic latitude (Snyder 1987, Map Projections, eq. 3-12). */
function authalicQ(lat: number): number {
  const sine = Math.sin(lat * RADIANS)
  const tilted = ECCENTRICITY * sine
  const share = 1 - ECCENTRICITY ** 2
  return share * (sine / (1 - tilted ** 2) + Math.atanh(tilted) / ECCENTRICITY)
}

/**
 * The signed area of a ring in m², positive counterclockwise; it need not repeat its first point.
 *
 * Edges are straight in the projection, which for edges of a few hundred metres lies within a
 * millimetre of the geodesic.
 */
export function ringAreaM2(ring: Line): number {
  const [lon0] = ring[0] ?? [0, 0]
  const projected = ring.map(([lon, lat]) => [(lon - lon0) * RADIANS, authalicQ(lat) / 2] as const)
  let twice = 0
  projected.forEach(([x, y], index) => {
    const [nextX, nextY] = projected[(index + 1) % projected.length]!
    twice += x * nextY - nextX * y
  })
  return (twice / 2) * SEMI_MAJOR_M ** 2
}

/** The area of a polygon in m²: its first ring less the others, whichever way they run. */
export function polygonAreaM2([outer, ...holes]: readonly Line[]): number {
  if (!outer) return 0
  const taken = holes.reduce((sum, hole) => sum + Math.abs(ringAreaM2(hole)), 0)
  return Math.abs(ringAreaM2(outer)) - taken
}

/** The centre of gravity of a ring, in degrees; good enough to put a name there. */
export function centreOf(ring: Line): [lon: number, lat: number] {
  const [lon0, lat0] = ring[0] ?? [0, 0]
  let [twice, lon, lat] = [0, 0, 0]
  for (let i = 0; i < ring.length; i++) {
    const [x, y] = [ring[i]![0] - lon0, ring[i]![1] - lat0]
    const next = ring[(i + 1) % ring.length]!
    const [nextX, nextY] = [next[0] - lon0, next[1] - lat0]
    const cross = x * nextY - nextX * y
    twice += cross
    lon += (x + nextX) * cross
    lat += (y + nextY) * cross
  }
  if (twice === 0) return [lon0, lat0]
  return [lon0 + lon / (3 * twice), lat0 + lat / (3 * twice)]
}
