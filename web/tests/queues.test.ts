import { describe, expect, it } from 'vitest'

import { queuesOf } from '@/command/queues'
import { card } from './samples'

const NOW = Date.parse('2026-11-22T00:30:00+08:00')
const ZONE = 'Asia/Shanghai'

describe('the queues of the command room', () => {
  it('put every live task into exactly one list', () => {
    const states = ['assigned', 'signed', 'en_route', 'on_scene', 'reported'] as const
    const queues = queuesOf(states.map((state, id) => card({ id, state })), NOW, ZONE)
    expect(queues.unsigned.map((each) => each.id)).toEqual([0])
    expect(queues.under_way.map((each) => each.id)).toEqual([1, 2, 3])
    expect(queues.review.map((each) => each.id)).toEqual([4])
    expect(queues.ended).toEqual([])
  })

  it("count today by the bureau's midnight", () => {
    const ended = (id: number, updated_at: string) => card({ id, state: 'closed', updated_at })
    const before = ended(1, '2026-11-21T23:59:00+08:00')
    const first = ended(2, '2026-11-21T16:05:00+00:00')
    const last = ended(3, '2026-11-22T00:20:00+08:00')
    const queues = queuesOf([before, first, last], NOW, ZONE)
    expect(queues.ended.map((each) => each.id)).toEqual([3, 2])
  })
})
