import { describe, expect, it } from 'vitest'

import { byUnread, CLASSES, codesOf, rankOf, readFigures } from '@/bulletins/cells'
import type { AtCell } from '@/bulletins/types'
import { DAY, NIGHT } from '@/map/palette'

function at(code: string | null, told: number, read: number): AtCell {
  return { code, told, holding: told, read, not_read: told - read }
}

describe('where a bulletin was read', () => {
  it('is the darker the fewer have read it', () => {
    const ranks = [at('a', 4, 4), at('a', 4, 3), at('a', 4, 2), at('a', 4, 1), at('a', 4, 0)].map(rankOf)
    expect(ranks).toEqual([0, 1, 2, 3, 4])
    expect(rankOf(at('a', 1, 0))).toBe(CLASSES.length - 1)
  })

  it('has a shade for each class, by day and by night', () => {
    for (const { load } of [DAY, NIGHT]) expect(load).toHaveLength(CLASSES.length)
  })

  it('says on the cell how many of how many, and nothing for who has no cell', () => {
    const figures = readFigures([at('330824001001001', 2, 1), at(null, 3, 0)])
    expect([...figures]).toEqual([['330824001001001', { rank: 2, label: '1/2' }]])
    expect(codesOf([at('330824001001001', 2, 1), at(null, 3, 0)])).toEqual(['330824001001001'])
  })

  it('lists first where most have still to read it, and last who has no cell', () => {
    const items = [at(null, 9, 0), at('b', 2, 1), at('a', 2, 1), at('c', 3, 0)]
    expect(byUnread(items).map(({ code }) => code)).toEqual(['c', 'a', 'b', null])
  })
})
