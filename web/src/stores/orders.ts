import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import type { Role } from '@/api/types'
import { useAttempt } from '@/base/attempt'
import { useSpeakers } from '@/duty/useSpeakers'
import { withCount } from '@/orders/counts'
import * as door from '@/orders/door'
import type { Order, OrderDetail, OrderDraft } from '@/orders/types'
import { useFeed } from './feed'

const SPEAKERS: ReadonlySet<Role> = new Set(['command', 'admin'])

/** The orders of the rooms in scope, counted live, and the one that is looked at. */
export const useOrders = defineStore('orders', () => {
  const feed = useFeed()
  // What comes live is read at any moment: it must not take a button from under a finger.
  const reading = useAttempt()
  const { busy, refusal, attempt } = useAttempt()
  const { units, speakers, nameOf, loadUnits } = useSpeakers(SPEAKERS)

  const state = ref<'open' | 'all'>('open')
  const listed = shallowRef<Order[]>([])
  const next = ref<string | null>(null)
  const chosen = shallowRef<OrderDetail | null>(null)
  /** How many the last reminder by hand reached. */
  const reminded = ref<number | null>(null)

  const orders = computed(() => listed.value.map((order) => withCount(order, feed.orderTally.counts)))
  const order = computed(() => chosen.value && withCount(chosen.value, feed.orderTally.counts))

  async function open(): Promise<void> {
    await loadUnits()
    await Promise.all([load(), feed.following ? null : feed.open()])
  }

  async function load(): Promise<void> {
    const page = await reading.attempt(() => door.orders(state.value))
    if (!page) return
    listed.value = page.items
    next.value = page.next
  }

  async function more(): Promise<void> {
    const page = await reading.attempt(() => door.orders(state.value, next.value ?? undefined))
    if (!page) return
    listed.value = [...listed.value, ...page.items]
    next.value = page.next
  }

  async function choose(id: number): Promise<void> {
    reminded.value = null
    chosen.value = await reading.attempt(() => door.order(id))
  }

  /** Does a room's verb, and shows what has become of the order. */
  async function change(verb: () => Promise<OrderDetail>): Promise<boolean> {
    const changed = await attempt(verb)
    if (!changed) return false
    chosen.value = changed
    await load()
    return true
  }

  const issue = (draft: OrderDraft) => change(() => door.issue(draft))
  const recall = (id: number, reason: string) => change(() => door.recall(id, reason))
  const close = (id: number) => change(() => door.close(id))

  async function remind(id: number): Promise<void> {
    reminded.value = await attempt(() => door.remind(id))
  }

  // An order that another desk issued, or that ended, is read anew.
  watch(
    () => feed.orderTally.counts,
    (counts) => {
      const known = new Map(listed.value.map((each) => [each.id, each.state]))
      const unknown = Object.values(counts).some(({ id, state: now }) => {
        const then = known.get(id)
        return then === undefined ? now === 'issued' : then !== now
      })
      if (unknown) void load()
      const now = chosen.value && counts[chosen.value.id]
      if (now && now.state !== chosen.value?.state) void choose(now.id)
    },
  )
  watch(state, load)
  watch(
    () => feed.linkState,
    (now, before) => {
      if (now === 'live' && before === 'offline') void load()
    },
  )

  function leave(): void {
    chosen.value = null
    feed.close()
  }

  return { busy, refusal, lost: reading.refusal, units, speakers, nameOf, state, orders, order, next, reminded, open, load, more, choose, issue, recall, close, remind, leave }
})
