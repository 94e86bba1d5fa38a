/**
 * Coordinates as a caller, a map app or a surveyor says them. What they are in is chosen beside
 * them and never guessed; the server converts them and refuses what can't be so.
 */

/** Longitude or easting, and latitude or northing. */
export interface Pair {
  readonly x: number
  readonly y: number
}

/** 3° Gauss–Krüger whose easting begins with the number of its zone. */
export const WITH_ZONE = 'gk3'
const FIRST_ZONE = 25
const LAST_ZONE = 45
/** EPSG:4513 is zone 25; EPSG:4534 is the zone around 75° E, without a number in its eastings. */
const CODE_OF_ZONE_0 = 4513 - FIRST_ZONE
const CODE_WITHOUT = 4534

/** What a dispatcher may say that coordinates are in. */
export const CRS_CHOICES = ['EPSG:4326', 'EPSG:4490', 'gcj02', 'bd09', WITH_ZONE] as const
/** The same projection without the number, by its central meridian: degrees east. */
export const MERIDIANS = Array.from({ length: LAST_ZONE - FIRST_ZONE + 1 }, (_, zone) => {
  const code = `EPSG:${CODE_WITHOUT + zone}`
  return { code, degrees: 3 * (zone + FIRST_ZONE) }
})

/** Why coordinates can't be in what was chosen, as `intake.problem.*` says it. */
export type Problem = 'no_crs' | 'no_zone' | 'swapped'

const NUMBER = String.raw`[+-]?\d+(?:\.\d+)?`
const PLAIN = new RegExp(String.raw`^\s*(${NUMBER})\s*(?:[,，;；、\s])\s*(${NUMBER})\s*$`)
const SIDES: Readonly<Record<string, { axis: 'x' | 'y'; sign: 1 | -1 }>> = {
  E: { axis: 'x', sign: 1 },
  W: { axis: 'x', sign: -1 },
  N: { axis: 'y', sign: 1 },
  S: { axis: 'y', sign: -1 },
  东: { axis: 'x', sign: 1 },
  西: { axis: 'x', sign: -1 },
  北: { axis: 'y', sign: 1 },
  南: { axis: 'y', sign: -1 },
}
const ANGLE = String.raw`(\d+(?:\.\d+)?)\s*[°度]?\s*(?:(\d+(?:\.\d+)?)\s*['′’分]\s*)?(?:(\d+(?:\.\d+)?)\s*["″”秒]\s*)?`
const LED = new RegExp(String.raw`([EWNS东西北南])[经纬]?\s*${ANGLE}`, 'giu')
const TRAILED = new RegExp(String.raw`${ANGLE}([EWNS])`, 'giu')

/**
 * Two numbers, longitude or easting first; or two angles that say of themselves which they are
 * (`29°08'12"N 118.4147E`, `北纬29度8分，东经118.4147度`). Null where it is neither.
 */
export function readPair(text: string): Pair | null {
  const plain = PLAIN.exec(text)
  if (plain) return { x: Number(plain[1]), y: Number(plain[2]) }
  return named(text, LED, (m) => [m[1]!, m.slice(2, 5)]) ?? named(text, TRAILED, (m) => [m[4]!, m.slice(1, 4)])
}

type Parts = readonly (string | undefined)[]

function named(
  text: string,
  pattern: RegExp,
  read: (match: RegExpMatchArray) => [side: string, parts: Parts],
): Pair | null {
  const found = [...text.matchAll(pattern)].map(read)
  const between = text.replaceAll(pattern, '')
  if (found.length !== 2 || !/^[\s,，;；、]*$/u.test(between)) return null
  const said: { x?: number; y?: number } = {}
  for (const [side, parts] of found) {
    const { axis, sign } = SIDES[side.toUpperCase()]!
    said[axis] = sign * degreesOf(parts)
  }
  const { x, y } = said
  return x === undefined || y === undefined ? null : { x, y }
}

function degreesOf([degrees, minutes, seconds]: Parts): number {
  return Number(degrees) + Number(minutes ?? 0) / 60 + Number(seconds ?? 0) / 3600
}

/** The CRS by its code, as the server takes it; or why the pair can't be in what was chosen. */
export function crsOf(choice: string, { x, y }: Pair): { crs: string } | { problem: Problem } {
  if (!choice) return { problem: 'no_crs' }
  if (choice !== WITH_ZONE) return { crs: choice }
  const zone = zoneOf(x)
  if (zone !== null) return { crs: `EPSG:${CODE_OF_ZONE_0 + zone}` }
  return { problem: zoneOf(y) === null ? 'no_zone' : 'swapped' }
}

/** The zone that an easting says it is in: its millions. */
function zoneOf(easting: number): number | null {
  const zone = Math.floor(easting / 1e6)
  return zone >= FIRST_ZONE && zone <= LAST_ZONE ? zone : null
}
