/** What the page of orders asks of the server. */
import { api, ask, KEY, once } from '@/api/client'
import type { Audience, Filter, Order, OrderDetail, OrderDraft, Preview, Recipient } from './types'

const ORDERS = '/api/v1/orders'
const ONE = `${ORDERS}/{order_id}` as const
/** As many as one answer holds. */
const MOST = 500

interface Page<Item> {
  items: Item[]
  next: string | null
}

const of = (id: number) => ({ path: { order_id: id } })
const under = (key: string) => ({ headers: { [KEY]: key } })

export function orders(state: 'open' | 'all', cursor?: string): Promise<Page<Order>> {
  return ask(api.GET(ORDERS, { params: { query: { state, limit: 50, cursor } } }))
}

export function order(id: number): Promise<OrderDetail> {
  return ask(api.GET(ONE, { params: of(id) }))
}

export function recipients(id: number, filter: Filter | null, limit: number): Promise<Page<Recipient>> {
  const query = { limit, ...(filter ? { filter } : {}) }
  return ask(api.GET(`${ONE}/recipients`, { params: { ...of(id), query } }))
}

/** Everyone that an order was sent to. */
export async function allRecipients(id: number): Promise<Recipient[]> {
  const found: Recipient[] = []
  let cursor: string | undefined
  do {
    const query = { limit: MOST, cursor }
    const page: Page<Recipient> = await ask(api.GET(`${ONE}/recipients`, { params: { ...of(id), query } }))
    found.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor)
  return found
}

export function preview(unit: string, audience: Audience): Promise<Preview> {
  return ask(api.POST(`${ORDERS}/preview`, { body: { unit, audience } }))
}

export function issue(body: OrderDraft): Promise<OrderDetail> {
  return once((key) => ask(api.POST(ORDERS, { body, ...under(key) })))
}

export function recall(id: number, reason: string): Promise<OrderDetail> {
  return once((key) => ask(api.POST(`${ONE}/recall`, { params: of(id), body: { reason }, ...under(key) })))
}

export function close(id: number): Promise<OrderDetail> {
  return once((key) => ask(api.POST(`${ONE}/close`, { params: of(id), ...under(key) })))
}

export async function remind(id: number): Promise<number> {
  return (await once((key) => ask(api.POST(`${ONE}/remind`, { params: of(id), ...under(key) })))).people
}
