import { describe, expect, it, vi } from 'vitest'

import { Refusal } from '@/api/client'
import { fitting, sendToEach, type Outcome } from '@/board/bulk'
import { HEAD, ROW, rowsInView, scrollFor, topsOf } from '@/board/layout'
import { NO_MARKS, ranged, rowAt, stillShown, toggled } from '@/board/walk'
import { card, task } from './samples'

vi.hoisted(() => vi.stubGlobal('window', { location: { origin: 'http://localhost' } }))

describe('the rows that are drawn', () => {
  const sections = [
    { count: 3, folded: false },
    { count: 50, folded: true },
    { count: 2000, folded: false },
  ]
  const tops = topsOf(sections)
  const shown = (top: number) => sections.map((each, at) => rowsInView(each, tops[at]!, { top, height: 700 }))

  it('are those in view and a few beyond', () => {
    expect(tops).toEqual([0, HEAD + 3 * ROW, 2 * HEAD + 3 * ROW])
    expect(shown(0)).toEqual([{ from: 0, to: 3 }, { from: 0, to: 0 }, { from: 0, to: 10 }])
    const [first, , long] = shown(tops[2]! + HEAD + 1000 * ROW)
    expect(first).toEqual({ from: 3, to: 3 })
    expect(long).toEqual({ from: 996, to: 1014 })
    expect(shown(1e9)[2]).toEqual({ from: 2000, to: 2000 })
  })

  it('come into view whole, and stay where they are if they already are', () => {
    const view = { top: 1000, height: 700 }
    expect(scrollFor(0, 15, view)).toBe(1000)
    expect(scrollFor(0, 2, view)).toBe(2 * ROW)
    expect(scrollFor(0, 40, view)).toBe(HEAD + 41 * ROW - 700)
  })
})

describe('the keyboard on the board', () => {
  const order = [5, 3, 9, 7]

  it('goes through the rows and stops at the ends', () => {
    expect(rowAt(order, null, 1)).toBe(5)
    expect(rowAt(order, 3, 1)).toBe(9)
    expect(rowAt(order, 7, 8)).toBe(7)
    expect(rowAt(order, 5, -1)).toBe(5)
    expect(rowAt(order, 404, 1)).toBe(5)
    expect(rowAt([], null, 1)).toBeNull()
  })

  it('marks one, and all between two', () => {
    expect([...toggled(toggled(NO_MARKS, 3), 9)]).toEqual([3, 9])
    expect([...toggled(new Set([3, 9]), 3)]).toEqual([9])
    expect([...ranged(NO_MARKS, order, 9, 5)]).toEqual([5, 3, 9])
    expect([...ranged(NO_MARKS, order, null, 7)]).toEqual([7])
  })

  it('keeps no mark on what is no longer shown', () => {
    const marks = new Set([5, 9])
    expect(stillShown(marks, new Set(order))).toBe(marks)
    expect([...stillShown(marks, new Set([9]))]).toEqual([9])
  })
})

describe('a command to several', () => {
  const cards = [card({ id: 1, state: 'reported' }), card({ id: 2 }), card({ id: 3, state: 'reported' })]

  it('goes only to those whose state it fits', () => {
    expect(fitting('close', cards).map(({ id }) => id)).toEqual([1, 3])
    expect(fitting('cancel', cards).map(({ id }) => id)).toEqual([2])
    expect(fitting('sign', cards)).toEqual([])
  })

  it('tells of each what became of it, and goes on after a refusal', async () => {
    const send = (id: number) =>
      id === 1 ? Promise.reject(new Refusal('task.wrong_state', '', 409)) : Promise.resolve(task({ id }))
    const outcomes: Outcome[] = []
    for await (const each of sendToEach('close', {}, cards, send)) outcomes.push(each)
    expect(outcomes.map(({ card: { id }, status }) => [id, status])).toEqual([
      [1, 'refused'],
      [2, 'done'],
      [3, 'done'],
    ])
  })
})
