import { describe, expect, it } from 'vitest'

import type { FeedEvent } from '@/api/types'
import { cardOf } from '@/live/cards'
import { applyCard, applyEvent, applySnapshot, EMPTY_FEED } from '@/live/feed'
import { card, task } from './samples'

const changed = (seq: number, version: number, id = 't1'): FeedEvent => ({
  seq,
  type: 'task.changed',
  data: { task: card({ id, version }) },
})

describe('the feed', () => {
  it('replaces everything by a snapshot', () => {
    const before = applyEvent(EMPTY_FEED, changed(1, 1, 'gone'))
    const after = applySnapshot({ epoch: 'e2', seq: 9, snapshot: { tasks: [card()] } })
    expect(Object.keys(before.tasks)).toEqual(['gone'])
    expect(after).toEqual({ epoch: 'e2', seq: 9, tasks: { t1: card() } })
  })

  it('adds a created incident and changes it', () => {
    const created: FeedEvent = {
      seq: 1,
      type: 'incident.created',
      data: { incident: card().incident, task: card() },
    }
    const state = applyEvent(applyEvent(EMPTY_FEED, created), changed(2, 2))
    expect(state.seq).toBe(2)
    expect(state.tasks['t1']?.version).toBe(2)
  })

  it('leaves the state as it is when an event comes again', () => {
    const state = applyEvent(EMPTY_FEED, changed(5, 3))
    expect(applyEvent(state, changed(5, 4))).toBe(state)
    expect(applyEvent(state, changed(4, 9))).toBe(state)
  })

  it('replayed on a snapshot equals a fresh snapshot', () => {
    const start = applySnapshot({ epoch: 'e', seq: 3, snapshot: { tasks: [card()] } })
    const replayed = [changed(4, 2), changed(5, 1, 't2'), changed(6, 3)].reduce(applyEvent, start)
    const fresh = applySnapshot({
      epoch: 'e',
      seq: 6,
      snapshot: { tasks: [card({ version: 3 }), card({ id: 't2' })] },
    })
    expect(replayed).toEqual(fresh)
  })

  it('does not let an older version take the place of what a command answered', () => {
    const ahead = applyCard(EMPTY_FEED, card({ version: 4, state: 'signed' }))
    const state = applyEvent(ahead, changed(1, 3))
    expect(state.tasks['t1']?.state).toBe('signed')
    expect(state.seq).toBe(1)
  })
})

describe('the card of a task', () => {
  it('carries the open offer with its reason', () => {
    expect(cardOf(task(), card().updated_at)).toEqual(card())
  })

  it('has no step once nobody is asked', () => {
    expect(cardOf(task({ offers: [] }), '').step).toBeNull()
  })
})
