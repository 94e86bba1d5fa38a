/** What the feed tells of orders while a page looks: counts, and who had not answered in time. */
import type { FeedEvent, OrderCount, Unanswered } from '@/api/types'

export interface OrderTally {
  readonly counts: Readonly<Record<number, OrderCount>>
  readonly overdue: Readonly<Record<number, Unanswered>>
}

export const NO_TALLY: OrderTally = { counts: {}, overdue: {} }

export function tallied(tally: OrderTally, event: FeedEvent): OrderTally {
  if (event.type !== 'order.changed' && event.type !== 'order.overdue') return tally
  const { order } = event.data
  const counts = { ...tally.counts, [order.id]: order }
  if (event.type === 'order.changed') return { ...tally, counts }
  return { counts, overdue: { ...tally.overdue, [order.id]: event.data.unanswered } }
}
