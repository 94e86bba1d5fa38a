import { describe, expect, it } from 'vitest'

import { enqueue, markSent, settle, settledSwaps } from '@/live/outbox'
import { ahead, canBeOffered, inOrder, partners, refusedLate, standing, swapOf } from '@/terminal/duty/own'
import { hoursText, momentText, spanText } from '@/terminal/duty/times'
import type { OwnDuty, Shift, Swap } from '@/terminal/duty/types'

const UNIT = { code: '33082401', name: '城关派出所' }
const ZH = { locale: 'zh-CN', timeZone: 'Asia/Shanghai', nextDay: (at: string) => `次日 ${at}` }
const EN = { ...ZH, locale: 'en', nextDay: (at: string) => `${at} next day` }
const at = (wall: string) => Date.parse(`${wall}+08:00`)

function officer(number: string) {
  return { username: number, service_number: number, display_name: `民警${number}` }
}
function shift(id: number, start: string, end: string, number = '1'): Shift {
  const times = { start: new Date(at(start)).toISOString(), end: new Date(at(end)).toISOString() }
  return { id, officer: officer(number), unit: UNIT, post: null, duty: 'pool', pattern: null, ...times }
}
function swap(id: number, given: Shift, taken: Shift | null, allowed: string[]): Swap {
  const terms = ({ id: number, unit, duty, start, end }: Shift) => ({ shift: number, unit, duty, start, end })
  return {
    id,
    state: 'proposed',
    officer: officer('1'),
    other_officer: officer('2'),
    given: terms(given),
    taken: taken && terms(taken),
    proposed_at: given.start,
    updated_at: given.start,
    allowed,
  }
}
const DAY = shift(1, '2026-11-23T08:00', '2026-11-23T18:00')
const NIGHT = shift(2, '2026-11-24T20:00', '2026-11-25T06:00')
const THEIRS = shift(3, '2026-11-26T20:00', '2026-11-27T06:00', '2')
const DUTY: OwnDuty = { shifts: [DAY, NIGHT], absences: [], standing_in: [], colleagues: [THEIRS], swaps: [] }

describe('where an officer stands', () => {
  it('is on duty from the first moment of a shift and not at its last', () => {
    expect(standing(DUTY, at('2026-11-23T08:00'))).toEqual({ is: 'on', shifts: [DAY] })
    expect(standing(DUTY, at('2026-11-23T18:00'))).toEqual({ is: 'off', next: NIGHT })
    expect(standing(DUTY, at('2026-11-25T06:00'))).toEqual({ is: 'off', next: null })
  })
  it('is away whatever the roster says', () => {
    const { start, end } = DAY
    const away = { id: 1, officer: officer('1'), unit: UNIT, reason: null, start, end, stand_in: null }
    const duty = { ...DUTY, absences: [away] }
    expect(standing(duty, at('2026-11-23T09:00'))).toEqual({ is: 'away', until: end })
  })
  it('has before them what is yet to end', () => {
    expect(ahead(DUTY.shifts, at('2026-11-23T18:00'))).toEqual([NIGHT])
  })
})

describe('what can be swapped', () => {
  const now = at('2026-11-23T09:00')
  it('is what has not begun and is in no open swap', () => {
    expect(canBeOffered(DAY, [], now)).toBe(false)
    expect(canBeOffered(NIGHT, [], now)).toBe(true)
    const open = swap(7, NIGHT, THEIRS, ['withdraw'])
    expect(canBeOffered(NIGHT, [open], now)).toBe(false)
    expect(swapOf(THEIRS, [open])).toBe(open)
  })
  it('can be offered to a colleague for a shift that they still have to give', () => {
    expect(partners(DUTY, now)).toEqual([{ colleague: officer('2'), shifts: [THEIRS] }])
    expect(partners(DUTY, at('2026-11-26T20:00'))).toEqual([{ colleague: officer('2'), shifts: [] }])
  })
  it('shows first what waits for the reader', () => {
    const mine = swap(1, NIGHT, null, ['withdraw'])
    const asked = swap(2, NIGHT, null, ['agree', 'decline'])
    expect(inOrder([mine, asked])).toEqual([asked, mine])
  })
})

describe('what was said to a swap', () => {
  const said = { id: 'a', verb: 'agree', swap: 7, occurred_at: '2026-11-23T09:00:00+08:00', data: {} }
  const sent = markSent(enqueue([], said), 'a')
  const refused = settle(sent, 'a', { status: 'refused', code: 'swap.wrong_state', detail: '' })
  it('is settled by its answer', () => {
    expect(settledSwaps(sent)).toEqual([])
    expect(settledSwaps(refused).map((each) => each.id)).toEqual(['a'])
    expect(settledSwaps(settle(enqueue([], { ...said, swap: undefined, task: 1 }), 'a', { status: 'done' }))).toEqual([])
  })
  it('is told for a day where it was refused and its swap is over', () => {
    const soon = at('2026-11-23T10:00')
    expect(refusedLate(refused, [], soon).map((each) => each.id)).toEqual(['a'])
    expect(refusedLate(refused, [swap(7, NIGHT, null, [])], soon)).toEqual([])
    expect(refusedLate(refused, [], at('2026-11-24T10:00'))).toEqual([])
    expect(refusedLate(settle(sent, 'a', { status: 'done' }), [], soon)).toEqual([])
  })
})

describe('times', () => {
  it('tell a night as one, and midnight as the end of its day', () => {
    expect(hoursText(DAY, ZH)).toBe('08:00–18:00')
    expect(hoursText(NIGHT, ZH)).toBe('20:00–次日 06:00')
    expect(hoursText(shift(4, '2026-11-23T18:00', '2026-11-24T00:00'), ZH)).toBe('18:00–24:00')
    expect(hoursText(NIGHT, EN)).toBe('20:00–06:00 next day')
    expect(hoursText(shift(4, '2026-11-23T18:00', '2026-11-25T06:00'), EN)).toBe('18:00–Wed, Nov 25 06:00')
  })
  it('name the day only where it is not today', () => {
    expect(momentText(DAY.end, at('2026-11-23T09:00'), ZH)).toBe('18:00')
    expect(momentText(NIGHT.start, at('2026-11-23T09:00'), ZH)).toBe('11月24日周二 20:00')
  })
  it('tell an absence with its days', () => {
    expect(spanText(NIGHT, EN)).toBe('Tue, Nov 24 20:00 – Wed, Nov 25 06:00')
    expect(spanText(DAY, EN)).toBe('Mon, Nov 23 08:00–18:00')
  })
})
