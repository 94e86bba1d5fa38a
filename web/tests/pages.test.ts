import { describe, expect, it } from 'vitest'

import { navigationOf, PAGES } from '@/command/pages'

describe('the navigation', () => {
  it('offers nothing where there is only one page', () => {
    expect(navigationOf(PAGES.slice(0, 1))).toEqual({ bar: [], menu: [] })
  })

  it('puts a few pages into the bar, whatever their shelf', () => {
    const few = PAGES.filter(({ name }) => ['command', 'grid', 'captures'].includes(name))
    expect(navigationOf(few)).toEqual({ bar: few, menu: [] })
  })

  it('puts each of many pages in one place, and no empty heading', () => {
    const { bar, menu } = navigationOf(PAGES)
    const placed = [...bar, ...menu.flatMap(({ pages }) => pages)]
    expect(new Set(placed)).toEqual(new Set(PAGES))
    expect(placed).toHaveLength(PAGES.length)
    expect(bar.every(({ shelf }) => shelf === 'bar')).toBe(true)
    expect(menu.every(({ pages }) => pages.length > 0)).toBe(true)
  })
})
