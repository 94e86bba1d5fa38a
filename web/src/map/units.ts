/** Officers and field units as features of the map; pure. */
import type { LivePosition, TaskCard } from '@/api/types'
import { UNDER_WAY } from '@/live/cards'
import type { LiveFeature } from './incremental'

/** What help is reckoned by: an older position says where somebody was. */
export const STALE_MS = 300_000
/** A charge under which a handheld won't last the shift; as the handheld itself has it. */
export const LOW_CHARGE = 0.15
/** Below it the direction of a fix is noise. */
const WALKING_MPS = 1
/** Metres a pixel shows at zoom 0 on the equator, with tiles of 512 pixels (Web Mercator). */
const METRES_AT_ZOOM_0 = 40_075_016.686 / 512

export type UnitKind = 'armed_response' | 'patrol_car' | 'special_police'

export interface FieldUnit {
  readonly code: string
  readonly name: string
  readonly kind: UnitKind
  readonly in_service: boolean
  readonly crew: readonly { username: string }[]
}

/** Whether somebody is there, and the words beside the name where the position is old. */
export interface Look {
  readonly now: number
  readonly online: (username: string) => boolean
  readonly age: (minutes: number) => string
}

/** Who has a task under way. */
export function busyOf(cards: readonly TaskCard[]): ReadonlySet<string> {
  const under = cards.filter(({ state }) => UNDER_WAY.has(state))
  return new Set(under.flatMap(({ assignee }) => (assignee ? [assignee.username] : [])))
}

export function isStale(position: LivePosition, now: number): boolean {
  return now - Date.parse(position.at) > STALE_MS
}

/** Officers who ride with no unit that is shown. */
export function officerFeatures(
  officers: Iterable<LivePosition>,
  aboard: ReadonlySet<string>,
  busy: ReadonlySet<string>,
  look: Look,
): LiveFeature[] {
  return [...officers]
    .filter(({ username }) => !aboard.has(username))
    .map((officer) => {
      const away = !look.online(officer.username)
      const form = away ? 'away' : busy.has(officer.username) ? 'busy' : 'free'
      return featureOf(officer, officer.username, `officer-${form}`, officer.display_name, look)
    })
}

/** Units in service, each where the newest fix of its crew is. */
export function unitFeatures(
  units: readonly FieldUnit[],
  officers: Readonly<Record<string, LivePosition>>,
  busy: ReadonlySet<string>,
  look: Look,
): LiveFeature[] {
  return units.flatMap((unit) => {
    const seen = unit.in_service ? newestOf(unit, officers) : null
    if (!seen) return []
    const form = unit.crew.some(({ username }) => busy.has(username)) ? 'busy' : 'free'
    return [featureOf(seen, unit.code, `unit-${unit.kind}-${form}`, unit.name, look)]
  })
}

/** The crews of units that are on the map: the unit stands for them. */
export function aboardOf(
  units: readonly FieldUnit[],
  officers: Readonly<Record<string, LivePosition>>,
): ReadonlySet<string> {
  const shown = units.filter((unit) => unit.in_service && newestOf(unit, officers))
  return new Set(shown.flatMap(({ crew }) => crew.map(({ username }) => username)))
}

function newestOf(unit: FieldUnit, officers: Readonly<Record<string, LivePosition>>): LivePosition | null {
  const seen = unit.crew.flatMap(({ username }) => officers[username] ?? [])
  return seen.reduce<LivePosition | null>(
    (newest, each) => (newest && Date.parse(newest.at) >= Date.parse(each.at) ? newest : each),
    null,
  )
}

function featureOf(
  position: LivePosition,
  id: string,
  icon: string,
  name: string,
  { now, age }: Look,
): LiveFeature {
  const stale = isStale(position, now)
  const minutes = Math.floor((now - Date.parse(position.at)) / 60_000)
  const { accuracy_m, heading, speed_mps, battery } = position
  const moving = speed_mps === undefined || speed_mps === null || speed_mps >= WALKING_MPS
  return {
    type: 'Feature',
    id,
    geometry: { type: 'Point', coordinates: [position.lon, position.lat] },
    properties: {
      code: id,
      icon,
      label: stale ? `${name} · ${age(minutes)}` : name,
      stale,
      heading: !stale && moving ? (heading ?? null) : null,
      low: typeof battery === 'number' && battery < LOW_CHARGE,
      reach: accuracy_m ? pixelsAtZoom0(accuracy_m, position.lat) : 0,
    },
  }
}

/** A length on the ground in pixels of zoom 0; at zoom z it is 2^z times as many. */
export function pixelsAtZoom0(metres: number, lat: number): number {
  return metres / (METRES_AT_ZOOM_0 * Math.cos((lat * Math.PI) / 180))
}
