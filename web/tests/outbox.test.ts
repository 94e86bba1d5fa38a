import { describe, expect, it } from 'vitest'

import type { Command, Verb } from '@/api/types'
import {
  commandOf,
  enqueue,
  foreseenState,
  markKept,
  markSent,
  nextToSend,
  officerVerbs,
  pending,
  remembered,
  requeue,
  saidTo,
  settle,
  type Outbox,
} from '@/live/outbox'
import { card, task } from './samples'

const command = (id: string, verb: Verb): Command => ({
  id,
  verb,
  task: 1,
  occurred_at: '2026-11-22T13:01:00+08:00',
  data: {},
})

const queued = (): Outbox => markKept([command('1', 'sign'), command('2', 'depart')].reduce(enqueue, []))

describe('the command queue', () => {
  it('sends one at a time, in order', () => {
    let outbox = queued()
    expect(nextToSend(outbox)?.id).toBe('1')
    outbox = markSent(outbox, '1')
    expect(nextToSend(outbox)).toBeNull()
    outbox = settle(outbox, '1', { status: 'done', task: task() })
    expect(nextToSend(outbox)?.id).toBe('2')
  })

  it('sends again under the same id what got no answer', () => {
    const outbox = requeue(markSent(queued(), '1'))
    expect(nextToSend(outbox)).toMatchObject({ id: '1', verb: 'sign', status: 'queued' })
  })

  it('calls queued only what the device keeps', () => {
    const kept = enqueue([], command('1', 'sign'))
    const outbox = markKept(enqueue(kept, command('2', 'depart')), kept)
    expect(outbox.map(({ status }) => status)).toEqual(['queued', 'unkept'])
  })

  it('sends also what the device could not keep', () => {
    expect(nextToSend(enqueue([], command('1', 'sign')))?.id).toBe('1')
  })

  it('forgets the oldest answers and nothing that waits', () => {
    const many = Array.from({ length: 300 }, (_, n) => command(`${n}`, 'sign'))
    const waiting = many.reduce(enqueue, [] as Outbox)
    expect(remembered(waiting)).toHaveLength(300)
    const done = { status: 'done', task: task() } as const
    const answered = [0, 1, 2, 298].reduce((outbox, n) => settle(outbox, `${n}`, done), waiting)
    expect(remembered(answered)).toEqual(pending(answered))
    const few = remembered(many.slice(0, 250).reduce((outbox, { id }) => settle(outbox, id, done), waiting))
    expect([few.length, few[0]?.id]).toEqual([200, '100'])
  })

  it('keeps a refusal with its reason and goes on', () => {
    const answer = { status: 'refused', code: 'task.wrong_state', detail: 'signed' } as const
    const outbox = settle(markSent(queued(), '1'), '1', answer)
    expect(outbox[0]).toMatchObject({ status: 'refused', code: 'task.wrong_state' })
    expect(pending(outbox).map((entry) => entry.id)).toEqual(['2'])
  })

  it('foresees the state, so that the next verb can be given offline', () => {
    expect(foreseenState(card(), queued())).toBe('en_route')
    expect(foreseenState(card({ id: 2 }), queued())).toBe('assigned')
    const refused = settle(queued(), '2', { status: 'refused', code: 'x', detail: '' })
    expect(foreseenState(card(), refused)).toBe('signed')
  })

  it('leaves the state alone for a verb that leads nowhere', () => {
    const outbox = enqueue([], command('1', 'call_support'))
    expect(foreseenState(card({ state: 'on_scene' }), outbox)).toBe('on_scene')
  })

  it('finds what was said to one thing', () => {
    const read = { id: '3', verb: 'read', order: 1, occurred_at: '', data: {} }
    const outbox = enqueue(queued(), read)
    expect(saidTo(outbox, { task: 1 }).map((entry) => entry.id)).toEqual(['1', '2'])
    expect(saidTo(outbox, { order: 1 }).map((entry) => entry.id)).toEqual(['3'])
    expect(saidTo(outbox, {})).toEqual([])
    expect(commandOf(outbox[2]!)).toEqual(read)
  })

  it('names the main verb first', () => {
    expect(officerVerbs('assigned')).toEqual(['sign'])
    expect(officerVerbs('on_scene')[0]).toBe('report')
    expect(officerVerbs('closed')).toEqual([])
  })
})
