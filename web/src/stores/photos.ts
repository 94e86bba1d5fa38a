import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'

import { Refusal } from '@/api/client'
import { attachmentDoor, isPassing, upload, type KeptPhoto, type PhotoEntry } from '@/live/attachments'
import { MEDIA_TYPE, sha256, shrink } from '@/live/photo'
import type { Records } from '@/live/records'
import type { TerminalStorage } from '@/live/storage'
import { useInbox } from './inbox'
import { usePosition } from './position'

const RETRY_MS = 5000
const FRESH_MS = 120_000

/** The officer's photos: kept on the device, sealed, until the server has each of them whole. */
export const usePhotos = defineStore('photos', () => {
  const inbox = useInbox()
  const position = usePosition()
  const entries = shallowRef<Readonly<Record<string, PhotoEntry>>>({})
  /** What the device can show by itself: object addresses by hash. */
  const previews = shallowRef<Readonly<Record<string, string>>>({})
  let records: Records<KeptPhoto> | null = null
  let isPumping = false
  let retry: ReturnType<typeof setTimeout> | undefined

  const waiting = computed(() =>
    Object.values(entries.value).filter(({ status }) => status === 'queued' || status === 'sending'),
  )

  function put(entry: PhotoEntry): void {
    entries.value = { ...entries.value, [entry.sha256]: entry }
  }

  function hold({ sha256: id, bytes }: KeptPhoto): void {
    const address = URL.createObjectURL(new Blob([bytes], { type: MEDIA_TYPE }))
    previews.value = { ...previews.value, [id]: address }
    put({ sha256: id, size: bytes.length, received: 0, status: 'queued' })
  }

  /**
   * Keeps a picture that was just taken, with place and time, and sends it as soon as it can.
   *
   * @returns the hash by which a report or a capture names it.
   * @throws Refusal with `photo.unreadable`.
   */
  async function add(file: File): Promise<string> {
    const bytes = await shrink(file)
    const photo: KeptPhoto = {
      sha256: await sha256(bytes),
      media_type: MEDIA_TYPE,
      taken_at: new Date(file.lastModified).toISOString(),
      bytes,
      ...place(),
    }
    await records?.put(photo.sha256, photo)
    if (!entries.value[photo.sha256]) hold(photo)
    void pump()
    return photo.sha256
  }

  /** Takes a photo back that nothing names yet. */
  async function forget(id: string): Promise<void> {
    await records?.delete(id)
    drop(id)
  }

  function drop(id: string): void {
    const { [id]: address, ...others } = previews.value
    if (address) URL.revokeObjectURL(address)
    previews.value = others
    entries.value = Object.fromEntries(Object.entries(entries.value).filter(([each]) => each !== id))
  }

  /** Sends what waits, one photo after the other, as long as the link holds. */
  async function pump(): Promise<void> {
    if (isPumping) return
    isPumping = true
    clearTimeout(retry)
    try {
      while (inbox.linkState === 'live') {
        const next = Object.values(entries.value).find(({ status }) => status === 'queued')
        if (!next || !(await sendOne(next))) break
      }
    } finally {
      isPumping = false
    }
  }

  /** Sends a photo; false where the way to the server failed, and it is tried again later. */
  async function sendOne(entry: PhotoEntry): Promise<boolean> {
    const { sha256: id } = entry
    const photo = await records?.get(id)
    if (!photo) {
      drop(id)
      return true
    }
    const tell = (received: number) => {
      if (entries.value[id]) put({ ...entry, received, status: 'sending' })
    }
    try {
      const { state, refusal } = await upload(photo, attachmentDoor, tell)
      await settle(entry, state === 'complete' ? null : (refusal ?? ''))
      return true
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (!isPassing(error)) {
        await settle(entry, error.code)
        return true
      }
      if (entries.value[id]) put({ ...entry, status: 'queued' })
      retry = setTimeout(() => void pump(), RETRY_MS)
      return false
    }
  }

  async function settle(entry: PhotoEntry, code: string | null): Promise<void> {
    if (!entries.value[entry.sha256]) return
    if (code !== null) return put({ ...entry, status: 'refused', code })
    await records?.delete(entry.sha256)
    put({ ...entry, received: entry.size, status: 'done' })
  }

  function place(): { lon?: number; lat?: number } {
    const { own } = position
    if (!own || Date.now() - Date.parse(own.at) > FRESH_MS) return {}
    return { lon: own.lon, lat: own.lat }
  }

  async function open(storage: TerminalStorage): Promise<void> {
    records = storage.records<KeptPhoto>('photos')
    for (const photo of (await records.all()).values()) hold(photo)
    await pump()
  }

  function close(): void {
    clearTimeout(retry)
    for (const id of Object.keys(entries.value)) drop(id)
    records = null
  }

  watch(
    () => inbox.linkState,
    (state) => {
      if (state === 'live') void pump()
    },
  )

  return { entries, previews, waiting, add, forget, open, close }
})
