import { describe, expect, it } from 'vitest'

import type { InboxMessage } from '@/api/types'
import { changesBetween, EMPTY_INBOX, receive, resync } from '@/live/inbox'
import { learn, sections, withdrawnFrom } from '@/live/tasks'
import { card, message, task } from './samples'

describe('the inbox', () => {
  it('moves its cursor by one message at a time', () => {
    const { state, reception } = receive(EMPTY_INBOX, message(1))
    expect(reception).toBe('applied')
    expect(state.seq).toBe(1)
    expect(state.tasks[1]?.withdrawn).toBeNull()
  })

  it('knows a message that comes again', () => {
    const { state } = receive(EMPTY_INBOX, message(1))
    expect(receive(state, message(1))).toEqual({ state, reception: 'known' })
  })

  it('refuses to step over a gap', () => {
    expect(receive(EMPTY_INBOX, message(2))).toEqual({ state: EMPTY_INBOX, reception: 'gap' })
  })

  it.each([
    ['a tombstone of a task', { type: 'expired', data: { type: 'task.offered', task: { id: 1 } } }],
    ['a tombstone of something else', { type: 'expired', data: { type: 'order.issued' } }],
    ['a type of a later version', { type: 'weather.changed', data: { sky: 'grey' } }],
  ])('moves the cursor past %s and changes nothing else', (_, strange) => {
    const { state } = receive(EMPTY_INBOX, message(1))
    const next = { ...message(2), ...strange } as unknown as InboxMessage
    expect(receive(state, next)).toEqual({ state: { ...state, seq: 2 }, reception: 'applied' })
  })

  it('shows a task that passed its holder over as theirs no longer', () => {
    const passed = { task: card({ version: 2 }), reason: 'unreachable' }
    const { state } = receive(EMPTY_INBOX, message(1, 'task.passed_over', passed))
    expect(sections(state.tasks).toSign).toEqual([])
    expect(sections(state.tasks).done[0]?.withdrawn).toBe('unreachable')
  })

  it('keeps a withdrawn task with the reason, and takes it back when offered again', () => {
    let { state } = receive(EMPTY_INBOX, message(1))
    const withdrawn = { task: card({ version: 2, state: 'signed' }), reason: 'signed_by_other' }
    state = receive(state, message(2, 'task.withdrawn', withdrawn)).state
    expect(sections(state.tasks).underWay).toEqual([])
    expect(sections(state.tasks).done[0]?.withdrawn).toBe('signed_by_other')
    state = receive(state, message(3, 'task.offered', { task: card({ version: 3 }) })).state
    expect(sections(state.tasks).toSign).toHaveLength(1)
  })

  it('takes a snapshot for the whole, cursor included', () => {
    const { state } = receive(EMPTY_INBOX, message(1))
    const after = resync({ epoch: 'e2', seq: 40, snapshot: { tasks: [card({ id: 9 })] } })
    expect(state.tasks[9]).toBeUndefined()
    expect(after.seq).toBe(40)
    expect(Object.keys(after.tasks)).toEqual(['9'])
  })

  it('takes a snapshot with lists that it lacks or does not know', () => {
    const snapshot = { weather: [{ sky: 'grey' }] } as object
    expect(resync({ epoch: 'e', seq: 3, snapshot })).toEqual({ ...EMPTY_INBOX, epoch: 'e', seq: 3 })
  })

  it('puts the nearest deadline first, and the gravest of what is under way', () => {
    const late = card({ id: 21, step: { ...card().step!, deadline: '2026-11-22T13:09:00+08:00' } })
    const soon = card({ id: 22 })
    const mild = card({ id: 23, state: 'signed' }, 4)
    const grave = card({ id: 24, state: 'on_scene' }, 1)
    const { tasks } = resync({ epoch: 'e', seq: 1, snapshot: { tasks: [late, soon, mild, grave] } })
    expect(sections(tasks).toSign.map((each) => each.id)).toEqual([22, 21])
    expect(sections(tasks).underWay.map((each) => each.id)).toEqual([24, 23])
  })
})

describe('what a command answers', () => {
  it('is learnt, and never backwards', () => {
    const { tasks } = receive(EMPTY_INBOX, message(1)).state
    const learnt = learn(tasks, card({ version: 2, state: 'signed' }), null)
    expect(learnt[1]?.card.state).toBe('signed')
    expect(learn(learnt, card({ version: 1 }), null)).toBe(learnt)
  })

  it('lets go of a task that it shows with others', () => {
    const me = '330824001'
    expect(withdrawnFrom(me, task())).toBeNull()
    const signed = task({ state: 'signed', offers: [], assignee: { username: me, display_name: me } })
    expect(withdrawnFrom(me, signed)).toBeNull()
    expect(withdrawnFrom('330824002', signed)).toBe('other')
    expect(withdrawnFrom(me, task({ offers: [] }))).toBe('returned')
    expect(withdrawnFrom(me, task({ offers: [], state: 'cancelled' }))).toBe('cancelled')
  })

  it('keeps the reason that the message gave', () => {
    const gone = { task: card({ version: 2, state: 'signed' }), reason: 'reassigned' }
    const { tasks } = receive(EMPTY_INBOX, message(1, 'task.withdrawn', gone)).state
    expect(learn(tasks, gone.task, 'other')[1]?.withdrawn).toBe('reassigned')
    expect(learn(tasks, card({ version: 3 }), null)[1]?.withdrawn).toBeNull()
  })
})

describe('what must be written', () => {
  it('is what differs, and what is gone', () => {
    const before = resync({ epoch: 'e', seq: 1, snapshot: { tasks: [card(), card({ id: 2 })] } })
    const changed = receive(before, message(2, 'task.changed', { task: card({ version: 2 }) })).state
    expect(changesBetween(before, changed)).toEqual([
      { kind: 'tasks', id: '1', value: changed.tasks[1] },
    ])
    const fresh = resync({ epoch: 'f', seq: 9, snapshot: {} })
    expect(changesBetween(changed, fresh)).toEqual([
      { kind: 'tasks', id: '1' },
      { kind: 'tasks', id: '2' },
    ])
  })
})
