/** The bulletins that an officer's terminal holds while they are live; pure. */
import type { BulletinRef, BulletinSheet, InboxMessage, SightingNews, Snapshot } from '@/api/types'
import { isStale, NO_SIGHTINGS, withTold, type OwnSightings } from './sightings'
import type { Items, Slice } from './slices'

/**
 * A bulletin that concerns the officer. The inbox names it and no more; `sheet` is the copy that the
 * terminal took. A copy of an older version is taken anew.
 */
export interface HeldBulletin extends BulletinRef {
  sheet: BulletinSheet | null
  /** The version that the officer opened last. */
  opened: number | null
  /** The officer's own sightings of it; null where the terminal doesn't know and has to ask. */
  seen: OwnSightings | null
  /** Its photos one behind the other, as a record is sealed with one piece of bytes; */
  bytes?: Uint8Array<ArrayBuffer>
  /** and how long each of them is. */
  sizes?: readonly number[]
}

export type HeldBulletins = Items<HeldBulletin>

export const bulletinSlice: Slice<HeldBulletin> = {
  kind: 'bulletins',

  receive(held: HeldBulletins, message: InboxMessage): HeldBulletins {
    switch (message.type) {
      case 'bulletin.issued':
      case 'bulletin.updated':
        return named(held, message.data.bulletin, NO_SIGHTINGS)
      case 'bulletin.sighting':
        return sighted(held, message.data)
      case 'bulletin.ended':
        return without(held, message.data.bulletin.id)
      case 'expired':
        return endOf(message.data, held)
      default:
        return held
    }
  },

  fill({ bulletins = [] }: Snapshot): HeldBulletins {
    // Whether the officer has written a sighting of one before, a snapshot doesn't say.
    return bulletins.reduce<HeldBulletins>((held, each) => named(held, each, null), {})
  },
}

function named(held: HeldBulletins, { id, version }: BulletinRef, seen: OwnSightings | null): HeldBulletins {
  const standing = held[id]
  if (standing && standing.version >= version) return held
  return { ...held, [id]: { sheet: null, opened: null, seen, ...standing, id, version } }
}

/** What is held after the inbox named a sighting. Which bulletin ended is another message's. */
function sighted(held: HeldBulletins, { bulletin, sighting }: SightingNews): HeldBulletins {
  return withSeen(held, bulletin.id, (seen) => seen && withTold(seen, sighting))
}

/**
 * What is held after a message that nobody read in time. It names no version: that one of a bulletin
 * is over says nothing of a newer one, and the device's own clock ends what has ended.
 */
function endOf({ type, bulletin }: { type: string; bulletin?: { id: number } }, held: HeldBulletins): HeldBulletins {
  return bulletin && type === 'bulletin.ended' ? without(held, bulletin.id) : held
}

/** What is held with the officer's own sightings of one of them changed. */
export function withSeen(
  held: HeldBulletins,
  id: number,
  next: (seen: OwnSightings | null) => OwnSightings | null,
): HeldBulletins {
  const standing = held[id]
  if (!standing) return held
  // A record that an earlier version of this page kept knows nothing of sightings.
  const seen = next(standing.seen ?? null)
  return seen === standing.seen ? held : { ...held, [id]: { ...standing, seen } }
}

/** Those with a sighting that the inbox told of and the terminal hasn't read. */
export function toAsk(held: HeldBulletins): HeldBulletin[] {
  return Object.values(held).filter(({ seen }) => seen && isStale(seen))
}

export function without(held: HeldBulletins, id: number): HeldBulletins {
  if (!(id in held)) return held
  return Object.fromEntries(Object.entries(held).filter(([key]) => key !== String(id)))
}

/** What is held with the copy that the server gave; nothing new where it ended meanwhile. */
export function withSheet(held: HeldBulletins, sheet: BulletinSheet, photos: readonly Uint8Array[]): HeldBulletins {
  const standing = held[sheet.id]
  if (!standing) return held
  const { id, version, opened, seen } = standing
  const fresh = { id, version: Math.max(version, sheet.version), opened, seen, sheet }
  return { ...held, [sheet.id]: photos.length ? { ...fresh, ...joined(photos) } : fresh }
}

function joined(photos: readonly Uint8Array[]): { bytes: Uint8Array<ArrayBuffer>; sizes: number[] } {
  const sizes = photos.map(({ length }) => length)
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0))
  let at = 0
  for (const photo of photos) {
    bytes.set(photo, at)
    at += photo.length
  }
  return { bytes, sizes }
}

/** The photos that are kept with a bulletin. */
export function photosOf({ bytes, sizes = [] }: HeldBulletin): Uint8Array<ArrayBuffer>[] {
  if (!bytes) return []
  let at = 0
  return sizes.map((size) => bytes.slice(at, (at += size)))
}

export function withOpened(held: HeldBulletins, id: number): HeldBulletins {
  const standing = held[id]
  return standing ? { ...held, [id]: { ...standing, opened: standing.version } } : held
}

/** Those whose copy is missing or older than what the inbox told. */
export function toFetch(held: HeldBulletins): HeldBulletin[] {
  return Object.values(held).filter(({ sheet, version }) => sheet === null || sheet.version < version)
}

/** Those that are over by a clock, whatever the server has said: the device needs no signal for it. */
export function isOver({ sheet }: HeldBulletin, now: number): boolean {
  return sheet !== null && Date.parse(sheet.live_until) <= now
}

export function isUnread({ opened, version }: HeldBulletin): boolean {
  return opened === null || opened < version
}

/** What may be shown, what nobody opened yet first, then the newest. */
export function shown(held: HeldBulletins, now: number): HeldBulletin[] {
  return Object.values(held)
    .filter((each) => !isOver(each, now))
    .sort((a, b) => Number(isUnread(b)) - Number(isUnread(a)) || b.id - a.id)
}
