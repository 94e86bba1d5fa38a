/**
 * The stretch of an arc that is given to the hands of a person.
 *
 * The drawing library takes no more than nine decimals (a tenth of a millimetre). What was not
 * moved must keep the server's doubles, or a drag would shift a whole boundary by roundings.
 */
import { distanceTo, nearestOn, type Near } from './near'
import type { EditRequest, Line, Point } from './types'

const DECIMALS = 9
/** Handles on each side of the place that was clicked; more are no help to a hand. */
const REACH = 40

/** Vertices `first` to `last` of an arc, of which the two ends stay where they are. */
export interface Stretch {
  arc: string
  first: number
  last: number
  coords: Line
}

/** The stretch of `line` around its segment nearest to a place. */
export function stretchAround(arc: string, line: Line, place: Point, reach = REACH): Stretch {
  const { segment } = nearestOn(line, place)
  const first = Math.max(0, segment - reach)
  const last = Math.min(line.length - 1, segment + 1 + reach)
  return { arc, first, last, coords: line.slice(first, last + 1) }
}

/** The vertices as the drawing library takes them. */
export function rounded(coords: Line): Point[] {
  return coords.map(([lon, lat]) => [roundedTo(lon), roundedTo(lat)])
}

function roundedTo(value: number): number {
  return Number(value.toFixed(DECIMALS))
}

/** The drawn vertices, with the server's own doubles for those that were not moved. */
export function restored(original: Line, drawn: Line): Point[] {
  const own = new Map(original.map((point) => [keyOf(rounded([point])[0]!), point]))
  return drawn.map((point) => own.get(keyOf(point)) ?? point)
}

function keyOf([lon, lat]: Point): string {
  return `${lon} ${lat}`
}

/** The whole arc as it runs with the stretch as drawn. */
export function arcWith(line: Line, stretch: Stretch, drawn: Line): Line {
  const now = restored(stretch.coords, drawn)
  return [...line.slice(0, stretch.first), ...now, ...line.slice(stretch.last + 1)]
}

/** The least replacement that makes `drawn` of the stretch; null where nothing was moved. */
export function replacement(stretch: Stretch, drawn: Line): EditRequest | null {
  const [before, after] = [stretch.coords, restored(stretch.coords, drawn)]
  const most = Math.min(before.length, after.length)
  let head = 0
  while (head < most && same(before[head]!, after[head]!)) head++
  if (head === before.length && head === after.length) return null
  let tail = 0
  while (tail < most - head && same(before.at(-1 - tail)!, after.at(-1 - tail)!)) tail++
  return {
    verb: 'replace_stretch',
    arc: Number(stretch.arc),
    first: stretch.first + head - 1,
    last: stretch.first + before.length - tail,
    coords: after.slice(head, after.length - tail),
  }
}

function same(one: Point, other: Point): boolean {
  return one[0] === other[0] && one[1] === other[1]
}

/** Where an end of the stretch was dragged to; null for one that stayed. */
export function movedEnd(stretch: Stretch, drawn: Line, end: 'first' | 'last'): Point | null {
  const index = end === 'first' ? 0 : -1
  const [was, is] = [rounded([stretch.coords.at(index)!])[0]!, drawn.at(index)!]
  return same(was, is) ? null : is
}

/** Whether what is drawn leaves alone the ends that are no nodes: the arc goes on behind them. */
export function keepsEnds(stretch: Stretch, vertices: number, drawn: Line): boolean {
  if (drawn.length < 2) return false
  const open = stretch.first === 0 || !movedEnd(stretch, drawn, 'first')
  return open && (stretch.last === vertices - 1 || !movedEnd(stretch, drawn, 'last'))
}

/** The stretch of an arc between the places nearest to the ends of a line, replaced by that line. */
export function redrawn(arc: string, line: Line, drawn: Line): EditRequest {
  const ends = [nearestOn(line, drawn[0]!), nearestOn(line, drawn.at(-1)!)] as const
  const forwards = isBefore(line, ...ends)
  const [start, end] = forwards ? ends : [ends[1], ends[0]]
  const between = (forwards ? drawn : [...drawn].reverse()).slice(1, -1)
  const [first, last] = [start.segment, end.segment + 1]
  const staying = (point: Point) => same(point, line[first]!) || same(point, line[last]!)
  const coords = [start.at, ...between, end.at].filter((point) => !staying(point))
  return { verb: 'replace_stretch', arc: Number(arc), first, last, coords }
}

function isBefore(line: Line, one: Near, other: Near): boolean {
  if (one.segment !== other.segment) return one.segment < other.segment
  const start = line[one.segment]!
  return distanceTo(start, one.at) <= distanceTo(start, other.at)
}
