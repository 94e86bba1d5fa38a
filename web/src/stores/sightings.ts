import { defineStore } from 'pinia'
import { watch } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import type { SightingHead } from '@/api/types'
import { toAsk, withSeen, type HeldBulletin } from '@/live/bulletins'
import { isUnderWay, leftBehind, NO_SIGHTINGS, SIGHT, sightingOf, withAnswer, withSaid } from '@/live/sightings'
import { useInbox } from './inbox'
import { useOutbox } from './outbox'
import { useSession } from './session'

const RETRY_MS = 5000
/** What the server answers of a bulletin that is none of this account's any longer. */
const UNKNOWN = 'bulletin.unknown'

/** The officer's own sightings: written from here, also without signal, and kept with their bulletin. */
export const useSightings = defineStore('sightings', () => {
  const inbox = useInbox()
  const outbox = useOutbox()
  const session = useSession()
  let isAsking = false

  /** Queues one, of the moment that the officer says. */
  function write(bulletin: number, data: Record<string, unknown>, occurredAt: string): Promise<string> {
    return outbox.give({ bulletin }, SIGHT, data, occurredAt)
  }

  /** Asks for what the inbox told of. Each time is a row of the ledger, so nothing is asked twice. */
  async function askStale(): Promise<void> {
    if (isAsking || inbox.linkState !== 'live') return
    isAsking = true
    try {
      for (let next = nextToAsk(); next; next = nextToAsk()) await askOf(next.id)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      setTimeout(() => void askStale(), RETRY_MS)
    } finally {
      isAsking = false
    }
  }

  /** What is written here is told of, too: its own answer says the same without a look. */
  function nextToAsk(): HeldBulletin | undefined {
    return toAsk(inbox.state.bulletins).find(({ id }) => !isUnderWay(outbox.of({ bulletin: id })))
  }

  async function askOf(id: number): Promise<void> {
    const asked = inbox.state.bulletins[id]?.seen ?? null
    const username = session.account?.username ?? ''
    const items = await itemsOf(id)
    inbox.change((state) => ({
      ...state,
      bulletins: withSeen(state.bulletins, id, (seen) => withAnswer(seen, items, username, asked)),
    }))
  }

  /** A terminal that took its picture anew asks once, when the bulletin is opened. */
  async function opened(id: number): Promise<void> {
    const held = inbox.state.bulletins[id]
    if (!held || held.seen || inbox.linkState !== 'live') return
    try {
      await askOf(id)
    } catch (error) {
      // Asked again at the next opening.
      if (!(error instanceof Refusal)) throw error
    }
  }

  // What was said stands with the bulletin from now on, and not in the queue beside it.
  outbox.onAnswer('sighting', ({ sighting }, said) => {
    const by = { username: session.account?.username ?? '', display_name: session.account?.display_name ?? '' }
    const made = sightingOf(sighting as SightingHead, said, by)
    inbox.change((state) => ({
      ...state,
      bulletins: withSeen(state.bulletins, said.bulletin ?? 0, (seen) => seen && withSaid(seen, made)),
    }))
    void outbox.forget([said.id])
    if (said.bulletin !== undefined) void opened(said.bulletin)
  })

  watch([() => inbox.state.bulletins, () => inbox.linkState, () => outbox.entries], () => void askStale())
  // The words of a sighting go with its bulletin; what still waits for a signal goes once it is sent.
  watch([() => outbox.entries, () => inbox.state.bulletins], ([entries, held]) => {
    if (inbox.link) void outbox.forget(leftBehind(entries, held))
  })

  return { write, opened }
})

async function itemsOf(id: number) {
  try {
    const params = { path: { bulletin_id: id } }
    return (await ask(api.GET('/api/v1/bulletins/{bulletin_id}/sightings', { params }))).items
  } catch (error) {
    if (error instanceof Refusal && error.code === UNKNOWN) return NO_SIGHTINGS.items
    throw error
  }
}
