/** The bulletins that an officer's terminal holds while they are live; pure. */
import type { BulletinRef, BulletinSheet, InboxMessage, Snapshot } from '@/api/types'
import type { Items, Slice } from './slices'

/**
 * A bulletin that concerns the officer. The inbox names it and no more; `sheet` is the copy that the
 * terminal took. A copy of an older version is taken anew.
 */
export interface HeldBulletin extends BulletinRef {
  sheet: BulletinSheet | null
  /** The version that the officer opened last. */
  opened: number | null
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
        return named(held, message.data.bulletin)
      case 'bulletin.ended':
        return without(held, message.data.bulletin.id)
      case 'expired':
        return message.data.bulletin ? without(held, message.data.bulletin.id) : held
      default:
        return held
    }
  },

  fill({ bulletins = [] }: Snapshot): HeldBulletins {
    return bulletins.reduce(named, {})
  },
}

function named(held: HeldBulletins, { id, version }: BulletinRef): HeldBulletins {
  const standing = held[id]
  if (standing && standing.version >= version) return held
  return { ...held, [id]: { sheet: null, opened: null, ...standing, id, version } }
}

export function without(held: HeldBulletins, id: number): HeldBulletins {
  if (!(id in held)) return held
  return Object.fromEntries(Object.entries(held).filter(([key]) => key !== String(id)))
}

/** What is held with the copy that the server gave; nothing new where it ended meanwhile. */
export function withSheet(held: HeldBulletins, sheet: BulletinSheet, photos: readonly Uint8Array[]): HeldBulletins {
  const standing = held[sheet.id]
  if (!standing) return held
  const { id, version, opened } = standing
  const fresh = { id, version: Math.max(version, sheet.version), opened, sheet }
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
