/** Circles on the ground, as the map draws them. */
import type { Place } from './usePickedPoint'

/** The mean radius of the earth in metres (IUGG): on a sphere a circle is drawn 0.6 % off at most. */
const EARTH_RADIUS_M = 6_371_008.8
const CORNERS = 72

const { asin, atan2, cos, PI, sin } = Math
const radians = (degrees: number) => (degrees * PI) / 180
const degrees = (radians: number) => (radians * 180) / PI

/** A circle around a place as a closed ring of longitude and latitude (EPSG:4326, degrees). */
export function circleRing({ lon, lat }: Place, radiusM: number): [lon: number, lat: number][] {
  const reach = radiusM / EARTH_RADIUS_M
  const from = radians(lat)
  const corners = Array.from({ length: CORNERS }, (_, corner): [number, number] => {
    const bearing = (2 * PI * corner) / CORNERS
    const to = asin(sin(from) * cos(reach) + cos(from) * sin(reach) * cos(bearing))
    const east = atan2(sin(bearing) * sin(reach) * cos(from), cos(reach) - sin(from) * sin(to))
    return [lon + degrees(east), degrees(to)]
  })
  return [...corners, corners[0]!]
}
