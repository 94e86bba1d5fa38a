import { defineStore } from 'pinia'
import { computed } from 'vue'

import type { OwnOrder } from '@/api/types'
import { serverNow } from '@/base/clock'
import { foreseenOrder, isUnread, learnOrder, orderSections, type Answer } from '@/live/orders'
import { useInbox } from './inbox'
import { useOutbox } from './outbox'

/** The orders and notices of this terminal, as they will be when what waits has gone through. */
export const useMessages = defineStore('messages', () => {
  const inbox = useInbox()
  const outbox = useOutbox()

  const lists = computed(() => orderSections(inbox.state.orders, outbox.entries, serverNow()))
  const fresh = computed(() => [...lists.value.toAnswer, ...lists.value.unread])
  /** The urgent one that nobody has opened yet. */
  const urgent = computed(() => fresh.value.find((each) => each.urgency === 'urgent' && isUnread(each)) ?? null)

  outbox.onAnswer('order', ({ order }) => {
    inbox.change((before) => ({ ...before, orders: learnOrder(before.orders, order as OwnOrder) }))
  })

  function of(id: number): OwnOrder | null {
    const held = inbox.state.orders[id]
    return held ? foreseenOrder(held, outbox.entries) : null
  }

  /** Tells that the order was opened; where reading is the answer, the officer says so. */
  function opened(order: OwnOrder): void {
    if (isUnread(order) && order.asks !== 'read') void outbox.give({ order: order.id }, 'read', {})
  }

  function answer(order: OwnOrder, data: Answer): void {
    const verb = order.asks === 'read' ? 'read' : 'answer'
    void outbox.give({ order: order.id }, verb, data)
  }

  return { lists, fresh, urgent, of, opened, answer }
})
