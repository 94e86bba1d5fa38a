import { describe, expect, it } from 'vitest'

import { age } from '@/devices/age'

const NOW = Date.parse('2026-03-10T09:30:00+08:00')
const before = (minutes: number) => new Date(NOW - minutes * 60_000).toISOString()

describe('how long ago a device was heard of', () => {
  it.each([
    [0.5, 'now'],
    [-3, 'now'],
    [1, '1 min. ago'],
    [59.9, '59 min. ago'],
    [60, '1 hr. ago'],
    [47 * 60, '47 hr. ago'],
    [49 * 60, '2 days ago'],
  ])('%d minutes', (minutes, said) => {
    expect(age(before(minutes), NOW, 'en')).toBe(said)
  })

  it('is said in the language of the page', () => {
    expect(age(before(5), NOW, 'zh-CN')).toBe('5分钟前')
  })
})
