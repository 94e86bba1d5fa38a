/** How often a terminal notes where it is, and what it tells of that at once. */
import type { OwnPosition } from '@/api/types'

/** The officer's own circumstances, on which the pace depends. */
export interface Circumstances {
  onTask: boolean
  /** The charge from 0 to 1, where the device tells it. */
  charge: number | null
  charging: boolean
}

/** Milliseconds between two notes, and between two messages to the server. */
export interface Pace {
  noteMs: number
  tellMs: number
}

const LOW_CHARGE = 0.15
const WALKING_MPS = 1
/** Nearer than this, two fixes may be one place. */
const SAME_PLACE_M = 30
const EARTH_M = 6_371_008.8

/** As many as the server takes at once. */
export const MOST_AT_ONCE = 360
/** What is kept without signal: the oldest go first. */
export const MOST_WAITING = 4 * MOST_AT_ONCE

const SPARING: Pace = { noteMs: 300_000, tellMs: 300_000 }
const ON_TASK: Pace = { noteMs: 10_000, tellMs: 10_000 }
const MOVING: Pace = { noteMs: 10_000, tellMs: 30_000 }
const STILL: Pace = { noteMs: 60_000, tellMs: 60_000 }

/** More often on a task or on the way, rarely on a low battery: a dead handheld tells nothing. */
export function pace(moving: boolean, { onTask, charge, charging }: Circumstances): Pace {
  if (charge !== null && charge < LOW_CHARGE && !charging) return SPARING
  if (onTask) return ON_TASK
  return moving ? MOVING : STILL
}

/** Whether a fix is of somebody on the way, by its speed or by the way since the last note. */
export function isMoving(last: OwnPosition | null, fix: OwnPosition): boolean {
  if (fix.speed_mps !== undefined) return fix.speed_mps >= WALKING_MPS
  if (last === null) return false
  return distanceM(last, fix) > Math.max(SAME_PLACE_M, fix.accuracy_m ?? 0)
}

/** Great-circle distance in metres (haversine). */
export function distanceM(a: OwnPosition, b: OwnPosition): number {
  const [fromLat, toLat] = [radians(a.lat), radians(b.lat)]
  const h =
    Math.sin((toLat - fromLat) / 2) ** 2 +
    Math.cos(fromLat) * Math.cos(toLat) * Math.sin(radians(b.lon - a.lon) / 2) ** 2
  return 2 * EARTH_M * Math.asin(Math.sqrt(h))
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}

/** What waits, with another note: the oldest go first where it is too much. */
export function withNote(waiting: readonly OwnPosition[], note: OwnPosition): OwnPosition[] {
  return [...waiting, note].slice(-MOST_WAITING)
}

/** What to tell now: the newest first of all, since it is where the officer is. */
export function batch(waiting: readonly OwnPosition[]): OwnPosition[] {
  return waiting.slice(-MOST_AT_ONCE)
}

/** What still waits after a batch was taken. */
export function without(waiting: readonly OwnPosition[], told: readonly OwnPosition[]): OwnPosition[] {
  const moments = new Set(told.map((each) => each.at))
  return waiting.filter((each) => !moments.has(each.at))
}
