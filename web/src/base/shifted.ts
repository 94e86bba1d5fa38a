/**
 * GCJ-02 and BD-09, the shifted coordinates of Chinese map services; the same formulas as
 * `gis.gcj02`, whose values `tests/shifted.json` holds. Degrees, longitude first.
 */

export type LonLat = readonly [lon: number, lat: number]

const SEMI_MAJOR_AXIS_M = 6378245
const ECCENTRICITY_SQUARED = 0.00669342162296594323
const BD_ANGLE = (Math.PI * 3000) / 180

const { abs, atan2, cos, hypot, PI, sin, sqrt } = Math
const degrees = (radians: number) => (radians * 180) / PI

/** Shifts WGS84 to GCJ-02, as AMap and Tencent use it; for places in China. */
export function wgs84ToGcj02([lon, lat]: LonLat): LonLat {
  const [east, north] = shiftMetres(lon - 105, lat - 35)
  const phi = (lat * PI) / 180
  const w2 = 1 - ECCENTRICITY_SQUARED * sin(phi) ** 2
  const w = sqrt(w2)
  const meridian = (SEMI_MAJOR_AXIS_M * (1 - ECCENTRICITY_SQUARED)) / (w2 * w)
  const parallel = (SEMI_MAJOR_AXIS_M / w) * cos(phi)
  return [lon + degrees(east / parallel), lat + degrees(north / meridian)]
}

/** Shifts GCJ-02 to BD-09, as Baidu uses it. */
export function gcj02ToBd09([lon, lat]: LonLat): LonLat {
  const radius = hypot(lon, lat) + 0.00002 * sin(lat * BD_ANGLE)
  const angle = atan2(lat, lon) + 0.000003 * cos(lon * BD_ANGLE)
  return [radius * cos(angle) + 0.0065, radius * sin(angle) + 0.006]
}

/** The shift east and north in metres at `x`, `y` degrees from 105 E, 35 N. */
function shiftMetres(x: number, y: number): [east: number, north: number] {
  const root = sqrt(abs(x))
  const common = wave(20, x, 6, 20, 2)
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + common
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + common
  return [
    east + wave(20, x, 1, 40, 1 / 3) + wave(150, x, 1 / 12, 300, 1 / 30),
    north + wave(20, y, 1, 40, 1 / 3) + wave(160, y, 1 / 12, 320, 1 / 30),
  ]
}

function wave(one: number, at: number, often: number, other: number, seldom: number): number {
  return ((one * sin(often * at * PI) + other * sin(seldom * at * PI)) * 2) / 3
}
