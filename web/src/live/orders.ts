/** The orders and notices that an officer's terminal holds, and what waits for them; pure. */
import type { InboxMessage, OwnOrder, Snapshot } from '@/api/types'
import { pending, saidTo, type Entry, type Outbox } from './outbox'
import type { Items, Slice } from './slices'

export type HeldOrders = Items<OwnOrder>

/** What nobody has done anything about yet. */
const UNTOUCHED = { read_at: null, answered_at: null, answer: null, late: false, reminded_at: null }

export const orderSlice: Slice<OwnOrder> = {
  kind: 'orders',

  receive(held: HeldOrders, message: InboxMessage): HeldOrders {
    switch (message.type) {
      case 'order.issued': {
        const { order } = message.data
        return { ...held, [order.id]: { ...UNTOUCHED, ...order } }
      }
      case 'order.reminded':
      case 'order.recalled':
      case 'order.updated':
        return laidOver(held, message.data.order)
      case 'expired':
        return message.data.order ? without(held, message.data.order.id) : held
      default:
        return held
    }
  },

  fill({ orders = [] }: Snapshot): HeldOrders {
    return Object.fromEntries(orders.map((order) => [order.id, order]))
  },
}

/**
 * What the answer to a command tells of an order. Only what the officer did is taken: how the order
 * stands is for the messages to tell, which may be ahead of the answer.
 */
export function learnOrder(held: HeldOrders, told: OwnOrder): HeldOrders {
  const { id, read_at, answered_at, answer, late } = told
  return laidOver(held, { id, read_at, answered_at, answer, late })
}

function laidOver(held: HeldOrders, change: { id: number } & Partial<OwnOrder>): HeldOrders {
  const standing = held[change.id]
  return standing ? { ...held, [change.id]: { ...standing, ...change } } : held
}

function without(held: HeldOrders, id: number): HeldOrders {
  if (!(id in held)) return held
  return Object.fromEntries(Object.entries(held).filter(([key]) => key !== String(id)))
}

/** What an officer says to an order, as the server reads it. */
export type Answer = { choice?: string; text?: string }

/** The order as it will be when every waiting command has gone through. */
export function foreseenOrder(order: OwnOrder, outbox: Outbox): OwnOrder {
  return saidTo(pending(outbox), { order: order.id }).reduce(after, order)
}

function after(order: OwnOrder, { verb, occurred_at, data }: Entry): OwnOrder {
  const read = { ...order, read_at: order.read_at ?? occurred_at }
  const answers = verb === 'answer' || order.asks === 'read'
  if (!answers || order.answered_at) return read
  return { ...read, answered_at: occurred_at, answer: data as Answer }
}

export function isUnread(order: OwnOrder): boolean {
  return order.read_at === null && order.state === 'issued'
}

export function awaitsAnswer(order: OwnOrder): boolean {
  return order.asks !== 'none' && order.answered_at === null && order.state === 'issued'
}

export interface OrderSections {
  toAnswer: OwnOrder[]
  unread: OwnOrder[]
  others: OwnOrder[]
}

/**
 * The list of messages: what asks for an answer first, the urgent and the nearest deadline before
 * the rest; then what is new; then the others, newest first. What expired is gone.
 */
export function orderSections(held: HeldOrders, outbox: Outbox, now: number): OrderSections {
  const all = Object.values(held)
    .filter((order) => Date.parse(order.expires_at) > now)
    .map((order) => foreseenOrder(order, outbox))
    .sort((a, b) => b.id - a.id)
  const toAnswer = all.filter(awaitsAnswer).sort((a, b) => rank(a) - rank(b) || due(a) - due(b))
  const unread = all.filter((order) => isUnread(order) && !awaitsAnswer(order))
  const shown = new Set([...toAnswer, ...unread])
  return { toAnswer, unread, others: all.filter((order) => !shown.has(order)) }
}

function rank(order: OwnOrder): number {
  return order.urgency === 'urgent' ? 0 : 1
}

function due(order: OwnOrder): number {
  return order.answer_by === null ? Number.MAX_SAFE_INTEGER : Date.parse(order.answer_by)
}
