/** What the list of orders says, and what the feed has told since. */
import type { OrderCount } from '@/api/types'

type Counted = Pick<OrderCount, 'id' | 'state' | 'progress'>

export function withCount<Order extends Counted>(
  order: Order,
  counts: Readonly<Record<number, OrderCount>>,
): Order {
  const told = counts[order.id]
  return told ? { ...order, state: told.state, progress: told.progress } : order
}
