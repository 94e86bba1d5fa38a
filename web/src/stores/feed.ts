import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { api, ask } from '@/api/client'
import type { FeedEvent, LivePosition, Resync, SightingNews, TaskCard } from '@/api/types'
import { applyCard, applyEvents, applySnapshot, EMPTY_FEED } from '@/live/feed'
import { byFrame } from '@/live/frames'
import { NO_TALLY, tallied } from '@/live/orderTally'
import { openLink, type Link, type LinkState } from '@/live/link'
import { usePresence } from './presence'
import { useSession } from './session'

/** The command room's live picture: tasks by the feed, officers' positions by what may be lost. */
export const useFeed = defineStore('feed', () => {
  const session = useSession()
  const presence = usePresence()
  const state = shallowRef(EMPTY_FEED)
  const loaded = ref(false)
  const officers = shallowRef<Readonly<Record<string, LivePosition>>>({})
  const link = shallowRef<Link | null>(null)
  const announcement = shallowRef<TaskCard | null>(null)
  /** What was told of orders since the page was opened. */
  const orderTally = shallowRef(NO_TALLY)
  /** Counts the mobilisations that were ordered or ended while the page looks. */
  const modeChanges = ref(0)
  /** The same of what was told of bulletins. */
  const bulletinChanges = ref(0)
  /** The sightings that were told of last: which, and no more. */
  const sightingNews = shallowRef<readonly SightingNews[]>([])

  const cards = computed(() => Object.values(state.value.tasks))
  const following = computed(() => link.value !== null)
  const linkState = computed<LinkState>(() => link.value?.state.value ?? 'connecting')
  /** Since when nothing was heard, and when that was noticed: milliseconds by this device's clock. */
  const lost = shallowRef<{ since: number; noticed: number } | null>(null)
  watch(linkState, (now) => {
    if (now === 'offline') lost.value = { since: link.value?.heardAt() ?? Date.now(), noticed: Date.now() }
    else if (now === 'live') lost.value = null
  }, { flush: 'sync' })

  function auth(): Record<string, unknown> {
    const { epoch, seq } = state.value
    return { csrf: session.csrfToken, ...(epoch === null ? {} : { epoch, seq }) }
  }

  function take(events: readonly FeedEvent[]): void {
    const fresh = events.filter(({ seq }) => seq > state.value.seq)
    const created = fresh.findLast((event) => event.type === 'incident.created')
    orderTally.value = events.reduce(tallied, orderTally.value)
    state.value = applyEvents(state.value, events)
    if (events.some(({ type }) => type === 'mode.changed')) modeChanges.value++
    if (events.some(({ type }) => type === 'bulletin.changed')) bulletinChanges.value++
    const sighted = fresh.flatMap((event) => (event.type === 'bulletin.sighting' ? [event.data] : []))
    if (sighted.length) sightingNews.value = sighted
    if (created?.type === 'incident.created') announcement.value = created.data.task
  }
  const events = byFrame(take)

  function onResync(message: Resync): void {
    events.drop()
    state.value = applySnapshot(message)
    loaded.value = true
  }

  const moves = byFrame((positions: readonly LivePosition[]) => {
    const moved = Object.fromEntries(positions.map((each) => [each.username, each]))
    officers.value = { ...officers.value, ...moved }
  })

  /** What a command answered; it may arrive before the feed tells the same. */
  function learn(card: TaskCard): void {
    state.value = applyCard(state.value, card)
  }

  async function open(): Promise<void> {
    link.value = openLink({
      namespace: '/command',
      auth,
      listeners: { feed: events.add, resync: onResync, position: moves.add, presence: presence.tell },
      onRefused: session.pickUp,
      beats: true,
    })
    officers.value = { ...(await knownPositions()), ...officers.value }
  }

  function close(): void {
    link.value?.close()
    link.value = null
    events.drop()
    moves.drop()
    state.value = EMPTY_FEED
    loaded.value = false
    announcement.value = null
    orderTally.value = NO_TALLY
    sightingNews.value = []
    lost.value = null
  }

  return { cards, state, loaded, officers, following, linkState, lost, announcement, modeChanges, bulletinChanges, sightingNews, orderTally, learn, open, close }
})

/** The last known positions, which the socket then moves. */
async function knownPositions(): Promise<Record<string, LivePosition>> {
  const { items } = await ask(api.GET('/api/v1/positions'))
  return Object.fromEntries(items.map((each) => [each.username, each]))
}
