import { describe, expect, it } from 'vitest'

import { isIdle } from '@/account/idle'

const HALF_AN_HOUR = 30 * 60_000

describe('a desk that nobody touches', () => {
  it('is idle once the time is over', () => {
    expect(isIdle(1000, 1000 + HALF_AN_HOUR - 1, HALF_AN_HOUR)).toBe(false)
    expect(isIdle(1000, 1000 + HALF_AN_HOUR, HALF_AN_HOUR)).toBe(true)
  })

  it('is never idle where no time is set, nor by a clock that was set back', () => {
    expect(isIdle(0, 1e12, 0)).toBe(false)
    expect(isIdle(1e12, 1000, HALF_AN_HOUR)).toBe(false)
  })
})
