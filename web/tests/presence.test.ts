import { describe, expect, it } from 'vitest'

import { isOnline, laterOf } from '@/live/presence'

const MINUTE = 60_000
const seen = (at: number, left = false) => ({ at, left })

describe('who is there', () => {
  it('was seen not long ago and has not left since', () => {
    expect(isOnline(seen(0), 2 * MINUTE, 2 * MINUTE)).toBe(true)
    expect(isOnline(seen(0), 2 * MINUTE + 1, 2 * MINUTE)).toBe(false)
    expect(isOnline(seen(0, true), 1, 2 * MINUTE)).toBe(false)
    expect(isOnline(undefined, 0, 2 * MINUTE)).toBe(false)
  })
  it('goes by the later sign of life, from wherever it is told', () => {
    const known = { a: seen(5, true) }
    expect(laterOf(known, { a: seen(4) })).toBe(known)
    expect(laterOf(known, { a: seen(6), b: seen(1) })).toEqual({ a: seen(6), b: seen(1) })
  })
})
