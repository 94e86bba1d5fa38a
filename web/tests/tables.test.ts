import { describe, expect, it } from 'vitest'

import { measureWords } from '@/tables/measure'

describe('the values of the tables', () => {
  it.each([
    [86_400, 's', '24 hr'],
    [5400, 's', '90 min'],
    [90, 's', '90 sec'],
    [0, 's', '0 sec'],
    [300, 'm', '300 m'],
    [40, '%', '40 %'],
  ])('say %d %s as people read it', (value, measure, said) => {
    expect(measureWords(value, measure, 'en')).toBe(said)
  })
})
