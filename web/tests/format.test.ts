import { describe, expect, it } from 'vitest'

import { dayOf, hourOf, secondOf } from '@/base/format'

const AT = Date.parse('2026-11-22T00:03:07+08:00')

describe('times as people read them', () => {
  it.each(['zh-CN', 'en'])('are of the zone that is asked for, in %s', (locale) => {
    expect(hourOf(AT, locale, 'Asia/Shanghai')).toBe('00:03')
    expect(secondOf(AT, locale, 'Asia/Shanghai')).toBe('00:03:07')
    expect(hourOf(AT, locale, 'UTC')).toBe('16:03')
  })

  it('have the days of their zone', () => {
    expect([dayOf(AT, 'Asia/Shanghai'), dayOf(AT, 'UTC')]).toEqual(['2026-11-22', '2026-11-21'])
  })

})
