import { describe, expect, it } from 'vitest'

import type { OwnOrder } from '@/api/types'
import { EMPTY_INBOX, receive, resync } from '@/live/inbox'
import { awaitsAnswer, foreseenOrder, isUnread, learnOrder, orderSections } from '@/live/orders'
import { enqueue, settle, type Outbox } from '@/live/outbox'
import { message } from './samples'

const NOW = Date.parse('2026-11-22T13:00:00+08:00')

/** As the message has it: nothing of what the officer does. */
const ISSUED = {
  id: 1,
  number: 101,
  kind: 'order',
  state: 'issued',
  unit: { code: '33082401', name: '城关派出所' },
  title: '集结',
  text: '到所里集合。',
  urgency: 'routine',
  asks: 'choice',
  choices: ['能到', '不能到'],
  answer_by: '2026-11-22T14:00:00+08:00',
  issued_at: '2026-11-22T12:00:00+08:00',
  expires_at: '2026-11-29T14:00:00+08:00',
  refers_to: null,
  ended_at: null,
  recall_reason: null,
} as const

function order(changes: Partial<OwnOrder> = {}): OwnOrder {
  const own = { read_at: null, answered_at: null, answer: null, late: false, reminded_at: null }
  return { ...ISSUED, choices: [...ISSUED.choices], ...own, ...changes }
}

function said(verb: string, data: Record<string, unknown> = {}): Outbox {
  return enqueue([], { id: 'c1', verb, order: 1, occurred_at: '2026-11-22T13:00:00+08:00', data })
}

describe('orders in the inbox', () => {
  it('begin untouched', () => {
    const { state } = receive(EMPTY_INBOX, message(1, 'order.issued', { order: ISSUED }))
    expect(state.orders[1]).toEqual(order())
  })

  it('keep what is not told of, at a reminder, an answer elsewhere and a recall', () => {
    let { state } = receive(EMPTY_INBOX, message(1, 'order.issued', { order: ISSUED }))
    const at = '2026-11-22T13:00:00+08:00'
    const answered = { id: 1, read_at: at, answered_at: at, answer: { choice: '能到' } }
    state = receive(state, message(2, 'order.reminded', { order: { id: 1, reminded_at: at }, reason: 'half' })).state
    state = receive(state, message(3, 'order.updated', { order: answered })).state
    const recalled = { id: 1, state: 'recalled', ended_at: at, recall_reason: '误发' }
    state = receive(state, message(4, 'order.recalled', { order: recalled })).state
    expect(state.orders[1]).toEqual(order({ ...answered, state: 'recalled', ended_at: at, recall_reason: '误发', reminded_at: at }))
  })

  it('go when their time is over, and pass over what is not held', () => {
    const { state } = receive(EMPTY_INBOX, message(1, 'order.issued', { order: ISSUED }))
    const over = { type: 'order.issued', order: { id: 1 } }
    expect(receive(state, message(2, 'expired', over)).state.orders).toEqual({})
    const unknown = message(2, 'order.updated', { order: { id: 9, read_at: '' } })
    expect(receive(state, unknown).state.orders).toBe(state.orders)
  })

  it('come with a snapshot', () => {
    const { orders } = resync({ epoch: 'e', seq: 4, snapshot: { orders: [order({ id: 7 })] } })
    expect(Object.keys(orders)).toEqual(['7'])
  })

  it('learn from an answer only what the officer did', () => {
    const held = { 1: order({ state: 'recalled' }) }
    const told = order({ read_at: 'a', answered_at: 'a', answer: { choice: '能到' } })
    expect(learnOrder(held, told)[1]).toEqual({ ...told, state: 'recalled' })
  })
})

describe('what waits for orders', () => {
  it('is shown as if it had gone through', () => {
    const foreseen = foreseenOrder(order(), said('answer', { choice: '能到' }))
    expect(foreseen.answer).toEqual({ choice: '能到' })
    expect(isUnread(foreseen) || awaitsAnswer(foreseen)).toBe(false)
  })

  it('answers by reading where only that is asked', () => {
    expect(awaitsAnswer(foreseenOrder(order(), said('read')))).toBe(true)
    expect(awaitsAnswer(foreseenOrder(order({ asks: 'read', choices: [] }), said('read')))).toBe(false)
  })

  it('counts no more once it was refused', () => {
    const refused = settle(said('answer', { choice: '能到' }), 'c1', { status: 'refused', code: 'order.answered', detail: '' })
    expect(foreseenOrder(order(), refused)).toEqual(order())
  })
})

describe('the list of messages', () => {
  it('has the urgent and the nearest deadline first, and nothing expired', () => {
    const late = order({ id: 1, answer_by: '2026-11-22T18:00:00+08:00' })
    const open = order({ id: 2, answer_by: null })
    const soon = order({ id: 3 })
    const urgent = order({ id: 4, answer_by: '2026-11-23T18:00:00+08:00', urgency: 'urgent' })
    const notice = order({ id: 5, kind: 'notice', asks: 'none' })
    const read = order({ id: 6, asks: 'none', read_at: 'a' })
    const recalled = order({ id: 7, state: 'recalled' })
    const over = order({ id: 8, expires_at: '2026-11-22T12:59:59+08:00' })
    const held = Object.fromEntries([late, open, soon, urgent, notice, read, recalled, over].map((each) => [each.id, each]))
    const { toAnswer, unread, others } = orderSections(held, [], NOW)
    expect(toAnswer.map((each) => each.id)).toEqual([4, 3, 1, 2])
    expect(unread.map((each) => each.id)).toEqual([5])
    expect(others.map((each) => each.id)).toEqual([7, 6])
  })
})
