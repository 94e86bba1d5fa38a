import { describe, expect, it } from 'vitest'

import {
  afterTry,
  AWAY_LIMIT_MS,
  contactAt,
  isAwayTooLong,
  isWeakPin,
  MOST_TRIES,
  NO_TRIES,
  seenAt,
  waitMs,
  type Tries,
} from '@/live/guard'

const NOW = Date.parse('2026-11-22T20:00:00Z')

describe('a day without contact', () => {
  it('ends at 24 hours', () => {
    expect(isAwayTooLong(contactAt(NOW), NOW + AWAY_LIMIT_MS - 1)).toBe(false)
    expect(isAwayTooLong(contactAt(NOW), NOW + AWAY_LIMIT_MS)).toBe(true)
  })

  it('is not made longer by setting the clock back', () => {
    const contact = seenAt(contactAt(NOW), NOW + AWAY_LIMIT_MS)
    expect(isAwayTooLong(contact, NOW)).toBe(true)
    expect(seenAt(contact, NOW)).toEqual(contact)
  })
})

describe('wrong PINs', () => {
  const after = (tries: number): Tries =>
    Array.from({ length: tries }).reduce<Tries>((each) => afterTry(each, NOW), NO_TRIES)

  it.each([
    [1, 0],
    [4, 0],
    [5, 30_000],
    [6, 60_000],
    [MOST_TRIES - 1, 480_000],
  ])('after %i of them the next waits %i ms', (tries, wait) => {
    expect(waitMs(after(tries), NOW)).toBe(wait)
    expect(waitMs(after(tries), NOW + wait)).toBe(0)
  })

  it('wait no longer where the clock was set back', () => {
    expect(waitMs(after(5), NOW - 3_600_000)).toBe(30_000)
  })
})

it.each(['000000', '123456', '987654', '890123'])('%s is no PIN', (pin) => {
  expect(isWeakPin(pin)).toBe(true)
})

it.each(['407182', '112233', '135791'])('%s is one', (pin) => {
  expect(isWeakPin(pin)).toBe(false)
})
