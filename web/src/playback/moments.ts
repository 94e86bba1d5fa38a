/** A past period, moment by moment: what stood then, and where officers were; pure. */
import type { TaskState } from '@/api/types'
import { iconName } from '@/map/icons'
import { ENDED, UNDER_WAY } from '@/live/cards'
import type { LiveFeature } from '@/map/incremental'
import { pixelsAtZoom0, STALE_MS } from '@/map/units'
import type { PlayedTask, Playback, Recorded, Track } from './types'

/** A task that ended is shown for so long after, so that an eye can follow. */
const ENDED_SHOWN_MS = 300_000
/** What made no task has no end; it is shown for so long from when it was reported. */
const RECORDED_SHOWN_MS = 1_800_000
/** Who told nothing for longer went off duty, or out of reach. */
const GONE_MS = 30 * 60_000

/** A task as it stood at a moment; times in milliseconds since the epoch. */
export interface Standing {
  readonly task: PlayedTask
  readonly state: TaskState
  readonly since: number
}

export interface Turns {
  readonly task: PlayedTask
  readonly at: readonly number[]
}

/** Where an officer was at a moment, and how long before it that was told. */
export interface Seen {
  readonly track: Track
  readonly lon: number
  readonly lat: number
  readonly accuracy_m: number | null
  readonly ageMs: number
}

/** The tasks with the times of their turns read once, and not at every moment. */
export function turnsOf({ tasks }: Playback): Turns[] {
  return tasks.map((task) => ({ task, at: task.turns.map(({ at }) => Date.parse(at)) }))
}

/** The tasks that stood at a moment; what ended long before it, or came after it, isn't there. */
export function standingAt(turns: readonly Turns[], moment: number): Standing[] {
  return turns.flatMap(({ task, at }) => {
    const turn = at.findLastIndex((each) => each <= moment)
    if (turn < 0) return []
    const { state } = task.turns[turn]!
    const since = at[turn]!
    return ENDED.has(state) && moment - since > ENDED_SHOWN_MS ? [] : [{ task, state, since }]
  })
}

/** What was reported without a task, and when: read once. */
export interface Report {
  readonly incident: Recorded
  readonly at: readonly [number]
}

export function reportsOf({ recorded }: Playback): Report[] {
  return recorded.map((incident) => ({ incident, at: [Date.parse(incident.reported_at)] }))
}

/** What was reported without a task shortly before a moment. */
export function reportedAt(reports: readonly Report[], moment: number): Report[] {
  return reports.filter(({ at: [at] }) => at <= moment && moment - at < RECORDED_SHOWN_MS)
}

/** How many stood at each stage. */
export function tallyOf(standing: readonly Standing[]) {
  const count = (is: (state: TaskState) => boolean) => standing.filter(({ state }) => is(state)).length
  return {
    unsigned: count((state) => state === 'assigned'),
    under_way: count((state) => UNDER_WAY.has(state)),
    review: count((state) => state === 'reported'),
  }
}

/** Where officers were when they told last, as long as that isn't too long ago. */
export function seenAt(tracks: readonly Track[], begin: number, moment: number): Seen[] {
  return tracks.flatMap((track) => {
    const [at, lon, lat, accuracy_m] = lastBefore(track, (moment - begin) / 1000) ?? []
    if (typeof at !== 'number' || typeof lon !== 'number' || typeof lat !== 'number') return []
    const ageMs = moment - begin - at * 1000
    return ageMs > GONE_MS ? [] : [{ track, lon, lat, accuracy_m: accuracy_m ?? null, ageMs }]
  })
}

/** The last fix at or before a second of the period, by halves. */
function lastBefore({ fixes }: Track, second: number): Track['fixes'][number] | undefined {
  let [low, high] = [0, fixes.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (fixes[middle]![0]! <= second) low = middle + 1
    else high = middle
  }
  return fixes[low - 1]
}

/** How many began in each of `bins` equal parts of the period. */
export function beginnings(turns: readonly Pick<Turns, 'at'>[], start: number, end: number, bins: number): number[] {
  const counts = Array<number>(bins).fill(0)
  for (const { at } of turns) {
    const bin = Math.floor(((at[0]! - start) / (end - start)) * bins)
    if (bin >= 0 && bin < bins) counts[bin]!++
  }
  return counts
}

export function taskFeature({ task, state }: Standing): LiveFeature {
  return {
    type: 'Feature',
    id: task.id,
    geometry: { type: 'Point', coordinates: [task.lon, task.lat] },
    properties: {
      id: task.id,
      icon: iconName(state, task.priority),
      priority: task.priority,
      unsigned: state === 'assigned',
      overdue: false,
      order: (state === 'assigned' ? 10 : 0) - task.priority,
    },
  }
}

/** Tasks have their ids; what has none is told apart by the sign. */
export function reportFeature({ incident: { id, lon, lat, priority } }: Report): LiveFeature {
  return {
    type: 'Feature',
    id: -id,
    geometry: { type: 'Point', coordinates: [lon, lat] },
    properties: { id: -id, icon: 'task-ended', priority, unsigned: false, overdue: false, order: -10 - priority },
  }
}

export function officerFeature(seen: Seen, ago: (minutes: number) => string): LiveFeature {
  const { track, lon, lat, accuracy_m, ageMs } = seen
  const stale = ageMs > STALE_MS
  const name = track.display_name
  return {
    type: 'Feature',
    id: track.username,
    geometry: { type: 'Point', coordinates: [lon, lat] },
    properties: {
      code: track.username,
      icon: 'officer-free',
      label: stale ? `${name} · ${ago(Math.floor(ageMs / 60_000))}` : name,
      stale,
      heading: null,
      low: false,
      reach: accuracy_m ? pixelsAtZoom0(accuracy_m, lat) : 0,
    },
  }
}
