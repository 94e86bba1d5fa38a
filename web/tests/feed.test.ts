import { describe, expect, it } from 'vitest'

import type { FeedEvent } from '@/api/types'
import { cardOf } from '@/live/cards'
import { applyCard, applyEvents, applySnapshot, EMPTY_FEED, type FeedState } from '@/live/feed'
import { byFrame } from '@/live/frames'
import { card, task } from './samples'

const changed = (seq: number, version: number, id = 1): FeedEvent => ({
  seq,
  type: 'task.changed',
  data: { task: card({ id, version }) },
})

const applyEvent = (state: FeedState, event: FeedEvent) => applyEvents(state, [event])

describe('the feed', () => {
  it('replaces everything by a snapshot', () => {
    const before = applyEvent(EMPTY_FEED, changed(1, 1, 7))
    const after = applySnapshot({ epoch: 'e2', seq: 9, snapshot: { tasks: [card()] } })
    expect(Object.keys(before.tasks)).toEqual(['7'])
    expect(after).toEqual({ epoch: 'e2', seq: 9, tasks: { 1: card() } })
  })

  it('adds a created incident and changes it', () => {
    const created: FeedEvent = {
      seq: 1,
      type: 'incident.created',
      data: { incident: card().incident, task: card() },
    }
    const state = applyEvent(applyEvent(EMPTY_FEED, created), changed(2, 2))
    expect(state.seq).toBe(2)
    expect(state.tasks[1]?.version).toBe(2)
  })

  it('leaves the state as it is when an event comes again', () => {
    const state = applyEvent(EMPTY_FEED, changed(5, 3))
    expect(applyEvent(state, changed(5, 4))).toBe(state)
    expect(applyEvent(state, changed(4, 9))).toBe(state)
  })

  it('replayed on a snapshot equals a fresh snapshot', () => {
    const start = applySnapshot({ epoch: 'e', seq: 3, snapshot: { tasks: [card()] } })
    const replayed = [changed(4, 2), changed(5, 1, 2), changed(6, 3)].reduce(applyEvent, start)
    const fresh = applySnapshot({
      epoch: 'e',
      seq: 6,
      snapshot: { tasks: [card({ version: 3 }), card({ id: 2 })] },
    })
    expect(replayed).toEqual(fresh)
  })

  it('takes many events in one change as it takes them one by one', () => {
    const start = applySnapshot({ epoch: 'e', seq: 3, snapshot: { tasks: [card({ version: 2 })] } })
    // Again, too old, two of one task, and one that a command's answer is ahead of.
    const events = [changed(2, 9), changed(4, 3), changed(5, 1, 2), changed(4, 8), changed(5, 9, 2), changed(6, 4), changed(7, 2)]
    expect(applyEvents(start, events)).toEqual(events.reduce(applyEvent, start))
    expect(applyEvents(start, events).tasks[1]?.version).toBe(4)
    expect(applyEvents(start, [])).toBe(start)
  })

  it('does not let an older version take the place of what a command answered', () => {
    const ahead = applyCard(EMPTY_FEED, card({ version: 4, state: 'signed' }))
    const state = applyEvent(ahead, changed(1, 3))
    expect(state.tasks[1]?.state).toBe('signed')
    expect(state.seq).toBe(1)
  })
})

describe('the card of a task', () => {
  it('carries the open offer with its reason', () => {
    expect(cardOf(task(), 'somebody')).toEqual(card())
  })

  it('has no step once nobody is asked', () => {
    expect(cardOf(task({ offers: [] }), 'somebody').step).toBeNull()
  })

  it('keeps the reason of the reader after the signing', () => {
    const signed = task({ offers: task().offers.map((offer) => ({ ...offer, open: false })) })
    expect(cardOf(signed, '330824001').step?.because.code).toBe('owner.primary')
    expect(cardOf(signed, 'somebody').step).toBeNull()
  })

  it('shows the deadline of a step that the room added, without a reason', () => {
    const kind = 'reassigned' as const
    const added = task({ offers: task().offers.map((offer) => ({ ...offer, step: 9, kind })) })
    expect(cardOf(added, '330824001').step).toMatchObject({ kind, because: { code: '' } })
  })
})

describe('what comes faster than it can be drawn', () => {
  function drawn() {
    const asked: (() => void)[] = []
    const taken: (readonly number[])[] = []
    const frames = byFrame<number>((items) => taken.push(items), (work) => {
      asked.push(work)
      return () => asked.splice(asked.indexOf(work), 1)
    })
    return { asked, taken, frames }
  }

  it('is handed on once a frame, in its order', () => {
    const { asked, taken, frames } = drawn()
    for (const each of [1, 2, 3]) frames.add(each)
    expect(asked).toHaveLength(1)
    expect(taken).toEqual([])
    asked[0]!()
    frames.add(4)
    asked[0]!()
    expect(taken).toEqual([[1, 2, 3], [4]])
    expect(asked).toEqual([])
  })

  it('is forgotten when a snapshot takes its place', () => {
    const { asked, taken, frames } = drawn()
    frames.add(1)
    frames.drop()
    expect(asked).toEqual([])
    frames.flush()
    expect(taken).toEqual([])
  })
})
