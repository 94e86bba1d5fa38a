import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import type { BulletinSheet } from '@/api/types'
import { noEarlier, serverNow, useNow } from '@/base/clock'
import { isOver, isUnread, photosOf, shown, toFetch, without, withOpened, withSheet, type HeldBulletin, type HeldBulletins } from '@/live/bulletins'
import { MEDIA_TYPE } from '@/live/photo'
import { useInbox } from './inbox'
import { useOutbox } from './outbox'
import { usePosition } from './position'

const RETRY_MS = 5000
const FRESH_MS = 120_000
/** What the server answers of a bulletin that this terminal may not hold. */
const GONE: ReadonlySet<string> = new Set(['bulletin.over', 'bulletin.unknown', 'bulletin.purged'])

/** The bulletins of this terminal: taken one by one, kept sealed, and dropped when they are over. */
export const useBulletins = defineStore('bulletins', () => {
  const inbox = useInbox()
  const outbox = useOutbox()
  const position = usePosition()
  const clock = useNow()
  const now = computed(() => noEarlier(clock.value))
  /** The addresses of the photos of the bulletin on screen. */
  const photos = shallowRef<string[]>([])
  let isFetching = false

  const list = computed(() => shown(inbox.state.bulletins, now.value))
  const unread = computed(() => list.value.filter(isUnread).length)

  function of(id: number): HeldBulletin | null {
    return list.value.find((each) => each.id === id) ?? null
  }

  function change(next: (held: HeldBulletins) => HeldBulletins): void {
    inbox.change((state) => ({ ...state, bulletins: next(state.bulletins) }))
  }

  /** Takes what is missing, one after the other. */
  async function fetchMissing(): Promise<void> {
    if (isFetching || inbox.linkState !== 'live') return
    isFetching = true
    try {
      for (const { id } of toFetch(inbox.state.bulletins)) await fetchOne(id)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      setTimeout(() => void fetchMissing(), RETRY_MS)
    } finally {
      isFetching = false
    }
  }

  async function fetchOne(id: number): Promise<void> {
    try {
      const path = { bulletin_id: id }
      const sheet = await ask(api.PUT('/api/v1/bulletins/{bulletin_id}/copy', { params: { path }, body: place() }))
      const bytes = await bytesOf(sheet)
      change((held) => withSheet(held, sheet, bytes))
    } catch (error) {
      if (!(error instanceof Refusal) || !GONE.has(error.code)) throw error
      change((held) => without(held, id))
    }
  }

  /** Where the copy is taken, as far as the officer lets it be known. */
  function place(): { lon?: number; lat?: number } {
    const { own } = position
    if (!own || serverNow() - Date.parse(own.at) > FRESH_MS) return {}
    return { lon: own.lon, lat: own.lat }
  }

  /** Says that the officer reads it, as often as it is opened: without signal it waits. */
  function opened(id: number): void {
    change((held) => withOpened(held, id))
    void outbox.give({ bulletin: id }, 'read', {})
    const held = of(id)
    const kept = held ? photosOf(held) : []
    photos.value = kept.map((bytes) => URL.createObjectURL(new Blob([bytes], { type: MEDIA_TYPE })))
  }

  function closed(): void {
    photos.value.forEach(URL.revokeObjectURL)
    photos.value = []
  }

  watch([() => inbox.state.bulletins, () => inbox.linkState], () => void fetchMissing())
  // What is over by this device's clock goes, with signal or without, also where that is set back.
  watch(now, (at) => {
    const over = Object.values(inbox.state.bulletins).filter((each) => isOver(each, at))
    if (over.length) change((held) => over.reduce((rest, { id }) => without(rest, id), held))
  })
  // What is held no longer was removed, and the room waits to hear so. A page that closes forgets
  // what is on screen and removes nothing.
  watch(
    () => inbox.state.bulletins,
    (held, before) => {
      if (!inbox.link) return
      for (const { id, sheet } of Object.values(before)) {
        if (sheet && !(id in held)) void outbox.give({ bulletin: id }, 'removed', { version: sheet.version })
      }
    },
  )

  return { list, unread, photos, of, opened, closed }
})

/** The photos of a bulletin, to be sealed with it. One may still be on its way to the server. */
function bytesOf({ id, contents }: BulletinSheet): Promise<Uint8Array[]> {
  const there = contents.photos.filter(({ state }) => state === 'complete')
  return Promise.all(
    there.map(async ({ sha256 }) => {
      const params = { path: { sha256 }, query: { bulletin: id } }
      const blob = await ask(api.GET('/api/v1/attachments/{sha256}', { params, parseAs: 'blob' }))
      return new Uint8Array(await (blob as unknown as Blob).arrayBuffer())
    }),
  )
}
