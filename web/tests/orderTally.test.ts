import { describe, expect, it } from 'vitest'

import type { FeedEvent, OrderCount } from '@/api/types'
import { NO_TALLY, tallied } from '@/live/orderTally'
import { csv, fileName } from '@/orders/csv'
import { withCount } from '@/orders/counts'

const count = (answered: number): OrderCount => ({
  id: 7,
  number: 107,
  state: 'issued',
  progress: { people: 4, received: 4, read: 3, answered },
})

describe('what the feed tells of orders', () => {
  it('is the last count, and who was missing at the deadline', () => {
    const unanswered = { count: 2, first: [{ username: 'a', display_name: 'a' }] }
    const events: FeedEvent[] = [
      { seq: 1, type: 'order.changed', data: { order: count(1) } },
      { seq: 2, type: 'order.overdue', data: { order: count(2), unanswered } },
      { seq: 3, type: 'order.changed', data: { order: count(3) } },
    ]
    const tally = events.reduce(tallied, NO_TALLY)
    expect(tally).toEqual({ counts: { 7: count(3) }, overdue: { 7: unanswered } })
  })

  it('passes over everything else', () => {
    const other = { seq: 1, type: 'task.changed', data: {} } as FeedEvent
    expect(tallied(NO_TALLY, other)).toBe(NO_TALLY)
  })

  it('stands over what the list says', () => {
    const listed = { id: 7, state: 'recalled', progress: count(0).progress, title: 'a' } as const
    expect(withCount(listed, { 7: count(3) })).toEqual({ ...listed, state: 'issued', progress: count(3).progress })
    expect(withCount(listed, {})).toBe(listed)
  })
})

describe('an export', () => {
  it('quotes what must be quoted, and begins so that a spreadsheet reads it', () => {
    expect(csv([['姓名', '答复'], ['330824001', '能到，"马上"\n走']])).toBe('\uFEFF姓名,答复\r\n330824001,"能到，""马上""\n走"\r\n')
  })

  it.each(['=1+1', '+1', '-1', '@a', '\tx'])('has no formula in it: %s', (cell) => {
    expect(csv([[cell]])).toContain(`'${cell}`)
  })

  it('has a name without what no file name has', () => {
    expect(fileName(107, '集/结:一')).toBe('107-集_结_一.csv')
  })
})
