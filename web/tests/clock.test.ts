import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'

import { measureOffset, noEarlier, useNow } from '@/base/clock'

const NINE = Date.parse('2026-03-10T09:00:00Z')
const MINUTE = 60_000

describe('a clock that is set back', () => {
  let ran = 0

  beforeEach(() => {
    vi.useFakeTimers({ now: NINE, toFake: ['Date'] })
    vi.spyOn(performance, 'now').mockImplementation(() => ran)
    measureOffset(new Date(NINE).toUTCString())
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  it('wins no time: what the page ran since counts on', () => {
    expect(noEarlier(NINE)).toBe(NINE)
    ran += 10 * MINUTE
    expect(noEarlier(NINE - 60 * MINUTE)).toBe(NINE + 10 * MINUTE)
    ran += MINUTE
    expect(noEarlier(NINE - 60 * MINUTE)).toBe(NINE + 11 * MINUTE)
  })

  it('is believed when it goes on', () => {
    noEarlier(NINE)
    expect(noEarlier(NINE + 30 * MINUTE)).toBe(NINE + 30 * MINUTE)
  })

  it('is what the server says as soon as it says so', () => {
    noEarlier(NINE + 60 * MINUTE)
    measureOffset(new Date(NINE).toUTCString())
    expect(noEarlier(NINE)).toBe(NINE)
  })
})

describe('the running clock', () => {
  const scope = effectScope()

  beforeEach(() => vi.useFakeTimers({ now: NINE, toFake: ['Date', 'setInterval', 'clearInterval'] }))
  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
  })

  it('is no older than the last answer: what that one tells of has begun', () => {
    const now = scope.run(useNow)!
    vi.setSystemTime(NINE + 900)
    expect(now.value).toBe(NINE)
    measureOffset(new Date(NINE).toUTCString())
    expect(now.value).toBe(NINE + 900)
  })
})
