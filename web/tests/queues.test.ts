import { describe, expect, it } from 'vitest'

import type { TaskCard, TaskState } from '@/api/types'
import { QUEUES, queueOf, queuesOf } from '@/command/queues'
import { STATES } from '@/live/cards'
import { card } from './samples'

const NOW = Date.parse('2026-11-22T00:30:00+08:00')
const REPORTED = Date.parse('2026-11-22T13:00:00+08:00')
const ZONE = 'Asia/Shanghai'
const officer = { username: '330824001', display_name: '330824001' }
const owned = (changes: Partial<TaskCard> = {}) => card({ assignee: officer, ...changes })

describe('the queues of the command room', () => {
  it('put every live task into exactly one list', () => {
    const queues = queuesOf(STATES.map((state, id) => owned({ id, state })), REPORTED + 120_000, ZONE)
    expect(Object.fromEntries(QUEUES.map((queue) => [queue, queues[queue].map(({ id }) => id)]))).toEqual({
      new: [],
      no_owner: [],
      unsigned: [0],
      under_way: [1, 2, 3],
      review: [4],
      handed_over: [6],
      ended: [5, 7],
    })
  })

  it("count today by the bureau's midnight", () => {
    const ended = (id: number, updated_at: string) => card({ id, state: 'closed', updated_at })
    const before = ended(1, '2026-11-21T23:59:00+08:00')
    const first = ended(2, '2026-11-21T16:05:00+00:00')
    const last = ended(3, '2026-11-22T00:20:00+08:00')
    const queues = queuesOf([before, first, last], NOW, ZONE)
    expect(queues.ended.map((each) => each.id)).toEqual([3, 2])
  })

  it('show as new what has just come in and is still with the first who was told', () => {
    const step = owned().step!
    expect(queueOf(owned(), REPORTED + 60_000)).toBe('new')
    expect(queueOf(owned(), REPORTED + 120_000)).toBe('unsigned')
    expect(queueOf(owned({ step: { ...step, step: 2 } }), REPORTED + 60_000)).toBe('unsigned')
    const urgent = { ...step, deadline: '2026-11-22T13:00:30+08:00' }
    expect(queueOf(owned({ step: urgent }), REPORTED + 60_000)).toBe('unsigned')
  })

  it('name what nobody but a room is asked to take', () => {
    expect(queueOf(owned({ unowned: true }), REPORTED)).toBe('no_owner')
    const last = { ...owned().step!, kind: 'station_room', step: 4 }
    expect(queueOf(owned({ step: last }), REPORTED)).toBe('unsigned')
    expect(queueOf(owned({ state: 'signed' }), REPORTED)).toBe('under_way')
  })

  it('keep what was handed on until it is answered', () => {
    const by = officer
    const at = '2026-11-22T13:10:00+08:00'
    const hand_over = { agency: '12345', text: '', at, by, answer: null }
    expect(queueOf(card({ state: 'handed_over', hand_over }), NOW)).toBe('handed_over')
    const answered = { ...hand_over, answer: { text: '已处理', at, by } }
    expect(queueOf(card({ state: 'handed_over', hand_over: answered }), NOW)).toBe('ended')
  })

  it('begin with the nearest deadline, and with what came last', () => {
    const step = owned().step!
    const due = (id: number, deadline: string | null) => owned({ id, step: { ...step, deadline } })
    const late = [due(1, null), due(2, '2026-11-22T13:09:00+08:00'), due(3, '2026-11-22T13:04:00+08:00')]
    expect(queuesOf(late, REPORTED + 180_000, ZONE).unsigned.map(({ id }) => id)).toEqual([3, 2, 1])
  })

  it('lose none of thousands', () => {
    const states: TaskState[] = ['assigned', 'signed', 'reported']
    const many = Array.from({ length: 2000 }, (_, id) => owned({ id, state: states[id % 3]! }))
    const queues = queuesOf(many, REPORTED + 300_000, ZONE)
    expect(QUEUES.reduce((sum, queue) => sum + queues[queue].length, 0)).toBe(2000)
  })
})
