import { describe, expect, it } from 'vitest'

import type { CaptureCard, InboxMessage } from '@/api/types'
import { captureSlice, learnCapture, settled, unsettled } from '@/live/captures'
import { enqueue, markSent, settle } from '@/live/outbox'
import { captureData, isComplete, type CaptureDraft } from '@/terminal/capture/place'

const AT = '2026-11-22T13:00:00+08:00'

function capture(id: number, more: Partial<CaptureCard> = {}): CaptureCard {
  return {
    id,
    state: 'proposed',
    version: 1,
    kind: 'place',
    text: 'A new square',
    name: null,
    lon: 118.4,
    lat: 29.1,
    accuracy_m: null,
    cell: null,
    unit: { code: '330824', name: '开化县公安局' },
    method: 'outside',
    officer: { username: '330824001', display_name: '330824001' },
    occurred_at: AT,
    clock_offset_s: null,
    received_at: AT,
    decision: null,
    task: null,
    updated_at: AT,
    ...more,
  }
}

const decided = (card: CaptureCard): InboxMessage => ({
  seq: 1,
  id: 'x',
  at: AT,
  type: 'capture.decided',
  data: { capture: card },
})

describe('what became of a capture', () => {
  it('is told by a message, and by a snapshot alike', () => {
    const accepted = capture(1, { state: 'accepted', version: 2 })
    const told = captureSlice.receive({ 1: capture(1) }, decided(accepted))
    expect(told).toEqual({ 1: accepted })
    expect(captureSlice.fill({ captures: [accepted] })).toEqual(told)
    expect(captureSlice.fill({})).toEqual({})
  })

  it('is never put back by an older word', () => {
    const held = { 1: capture(1, { state: 'accepted', version: 2 }) }
    expect(learnCapture(held, capture(1))).toBe(held)
  })

  it('leaves other messages alone', () => {
    const held = { 1: capture(1) }
    const other = { seq: 1, id: 'x', at: AT, type: 'expired', data: { type: 'task.offered' } } as const
    expect(captureSlice.receive(held, other)).toBe(held)
  })

  it('is listed newest first, after what still waits', () => {
    const command = (id: string) => ({ id, verb: 'capture', occurred_at: AT, data: {} })
    const outbox = ['1', '2', '3'].map(command).reduce(enqueue, [])
    const partly = settle(markSent(outbox, '1'), '1', { status: 'done' })
    expect(unsettled(partly).map(({ id }) => id)).toEqual(['3', '2'])
    expect(settled({ 1: capture(1), 5: capture(5) }).map(({ id }) => id)).toEqual([5, 1])
  })
})

describe('a capture that is being written', () => {
  const draft: CaptureDraft = { kind: 'place', text: ' seen ', name: ' Square ', place: { lon: 1, lat: 2 }, photos: ['ab'] }

  it('says what the server reads', () => {
    const said = { kind: 'place', text: 'seen', name: 'Square', lon: 1, lat: 2, photos: ['ab'] }
    expect(captureData(draft)).toEqual(said)
    const vague = { ...draft, name: '', place: { lon: 1, lat: 2, accuracy_m: 5e6 } }
    expect(captureData(vague)).toMatchObject({ accuracy_m: 100_000 })
    expect(captureData(vague)).not.toHaveProperty('name')
  })

  it.each([
    [{}, true],
    [{ kind: null }, false],
    [{ text: ' ' }, false],
    [{ place: null }, false],
    [{ name: '' }, false],
    [{ name: '', kind: 'hazard' as const }, true],
    [{ photos: [] }, true],
  ])('is complete or not: %j', (change, complete) => {
    expect(isComplete({ ...draft, ...change })).toBe(complete)
  })
})
