import { describe, expect, it } from 'vitest'

import type { InboxMessage } from '@/api/types'
import { EMPTY_INBOX, learn, receive, resync, sections, withdrawnFrom } from '@/live/inbox'
import { card, task } from './samples'

function message(seq: number, changes: Partial<InboxMessage> = {}): InboxMessage {
  return { seq, id: `m${seq}`, type: 'task.offered', at: '', data: { task: card() }, ...changes }
}

describe('the inbox', () => {
  it('moves its cursor by one message at a time', () => {
    const { state, reception } = receive(EMPTY_INBOX, message(1))
    expect(reception).toBe('applied')
    expect(state.seq).toBe(1)
    expect(state.held[1]?.withdrawn).toBeNull()
  })

  it('knows a message that comes again', () => {
    const { state } = receive(EMPTY_INBOX, message(1))
    expect(receive(state, message(1))).toEqual({ state, reception: 'known' })
  })

  it('refuses to step over a gap', () => {
    expect(receive(EMPTY_INBOX, message(2))).toEqual({ state: EMPTY_INBOX, reception: 'gap' })
  })

  it('shows a task that passed its holder over as theirs no longer', () => {
    const passed = { task: card({ version: 2 }), reason: 'unreachable' }
    const { state } = receive(EMPTY_INBOX, message(1, { type: 'task.passed_over', data: passed }))
    expect(sections(state).toSign).toEqual([])
    expect(sections(state).done[0]?.withdrawn).toBe('unreachable')
  })

  it('keeps a withdrawn task with the reason, and takes it back when offered again', () => {
    let { state } = receive(EMPTY_INBOX, message(1))
    const withdrawn = { task: card({ version: 2, state: 'signed' }), reason: 'signed_by_other' }
    state = receive(state, message(2, { type: 'task.withdrawn', data: withdrawn })).state
    expect(sections(state).underWay).toEqual([])
    expect(sections(state).done[0]?.withdrawn).toBe('signed_by_other')
    state = receive(state, message(3, { data: { task: card({ version: 3 }) } })).state
    expect(sections(state).toSign).toHaveLength(1)
  })

  it('takes a snapshot for the whole, cursor included', () => {
    const { state } = receive(EMPTY_INBOX, message(1))
    const after = resync({ epoch: 'e2', seq: 40, snapshot: { tasks: [card({ id: 9 })] } })
    expect(state.held[9]).toBeUndefined()
    expect(after.seq).toBe(40)
    expect(Object.keys(after.held)).toEqual(['9'])
  })

  it('learns from a command without moving the cursor, and never backwards', () => {
    const { state } = receive(EMPTY_INBOX, message(1))
    const learnt = learn(state, card({ version: 2, state: 'signed' }), null)
    expect(learnt.seq).toBe(1)
    expect(learn(learnt, card({ version: 1 }), null)).toBe(learnt)
  })

  it('puts the nearest deadline first, and the gravest of what is under way', () => {
    const late = card({ id: 21, step: { ...card().step!, deadline: '2026-11-22T13:09:00+08:00' } })
    const soon = card({ id: 22 })
    const mild = card({ id: 23, state: 'signed' }, 4)
    const grave = card({ id: 24, state: 'on_scene' }, 1)
    const state = resync({ epoch: 'e', seq: 1, snapshot: { tasks: [late, soon, mild, grave] } })
    expect(sections(state).toSign.map((each) => each.id)).toEqual([22, 21])
    expect(sections(state).underWay.map((each) => each.id)).toEqual([24, 23])
  })

  it('lets go of a task that an answer shows with others', () => {
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
    const { state } = receive(EMPTY_INBOX, message(1, { type: 'task.withdrawn', data: gone }))
    expect(learn(state, gone.task, 'other').held[1]?.withdrawn).toBe('reassigned')
    expect(learn(state, card({ version: 3 }), null).held[1]?.withdrawn).toBeNull()
  })
})
