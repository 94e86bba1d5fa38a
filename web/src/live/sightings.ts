/** An officer's own sightings of a bulletin: kept within it on the terminal, and gone with it; pure. */
import type { BulletinSighting, SightingHead, SightingRef } from '@/api/types'
import { pending, type Entry, type Outbox } from './outbox'

/** The verb by which a terminal brings one. */
export const SIGHT = 'sight'

export interface OwnSightings {
  readonly items: readonly BulletinSighting[]
  /** The versions that the inbox told of and the terminal hasn't read yet, by id. */
  readonly told: Readonly<Record<string, number>>
}

export const NO_SIGHTINGS: OwnSightings = { items: [], told: {} }

export function isStale({ told }: OwnSightings): boolean {
  return Object.keys(told).length > 0
}

/** What is known after the inbox named a sighting: the same where it is known as it stands. */
export function withTold(own: OwnSightings, { id, version }: SightingRef): OwnSightings {
  const known = Math.max(own.told[id] ?? 0, versionOf(own.items, id))
  return version <= known ? own : { ...own, told: { ...own.told, [id]: version } }
}

/**
 * What is known after the server was asked.
 *
 * @param asked what stood there when it was asked: what was told since is still to be read
 */
export function withAnswer(
  own: OwnSightings | null,
  answered: readonly BulletinSighting[],
  username: string,
  asked: OwnSightings | null,
): OwnSightings {
  const later = Object.entries(own?.told ?? {}).filter(([id, version]) => version > (asked?.told[id] ?? 0))
  // A terminal shows nobody else's, also where its account may read them at a desk.
  return { items: answered.filter(({ by }) => by.username === username), told: Object.fromEntries(later) }
}

/** What is known once the server has taken a command: in the officer's words, as it stands there. */
export function withSaid(own: OwnSightings, made: BulletinSighting): OwnSightings {
  const isKnown = versionOf(own.items, made.id) >= made.version
  const others = own.items.filter(({ id }) => id !== made.id)
  const items = isKnown ? own.items : [...others, made].sort((a, b) => a.id - b.id)
  // The inbox may have told of it before the answer came.
  const told = Object.entries(own.told).filter(([id, version]) => version > versionOf(items, Number(id)))
  return { items, told: Object.fromEntries(told) }
}

/** The sighting that a command wrote, by what was said and how it stands. */
export function sightingOf(
  head: SightingHead,
  { data, occurred_at }: Pick<Entry, 'data' | 'occurred_at'>,
  by: BulletinSighting['by'],
): BulletinSighting {
  const said = data as Partial<Pick<BulletinSighting, 'text' | 'place' | 'lon' | 'lat'>>
  return {
    ...head,
    by,
    occurred_at,
    lon: said.lon ?? null,
    lat: said.lat ?? null,
    place: said.place ?? null,
    text: said.text ?? '',
    answered_by: null,
    answer: null,
  }
}

/** What was written and isn't taken by the server: it waits, or was refused. */
export function untaken(said: readonly Entry[]): Entry[] {
  return said.filter(({ verb, status }) => verb === SIGHT && status !== 'done')
}

/** Whether one waits for the server's answer, which says how it stands without another look. */
export function isUnderWay(said: readonly Entry[]): boolean {
  return pending(said).some(({ verb }) => verb === SIGHT)
}

/** The commands whose words have nothing to stay for: answered, and of a bulletin that is gone. */
export function leftBehind(outbox: Outbox, held: Readonly<Record<string, unknown>>): string[] {
  return outbox
    .filter(({ verb, status }) => verb === SIGHT && (status === 'done' || status === 'refused'))
    .filter(({ bulletin }) => bulletin === undefined || !(bulletin in held))
    .map(({ id }) => id)
}

function versionOf(items: readonly BulletinSighting[], id: number): number {
  return items.find((each) => each.id === id)?.version ?? 0
}
