import { describe, expect, it } from 'vitest'

import { askedBy, filterOf, NAMES, NO_FILTER, passes, queryOf, without, type Filter } from '@/board/filter'
import { card } from './samples'

const NOW = Date.parse('2026-11-22T13:02:00+08:00')
const EVERYTHING: Filter = {
  state: ['assigned', 'signed'],
  station: '33082401',
  cell: '330824100001001',
  category: ['dispute', 'traffic'],
  priority: ['3'],
  officer: '330824001',
  source: '110',
  from: '2026-11-22T00:00:00+08:00',
  to: '2026-11-23T00:00:00+08:00',
  overdue: true,
  q: '芹阳 0007',
}
const owned = card({ assignee: { username: '330824001', display_name: '330824001' } })

describe('the filter of the board', () => {
  it('goes through a link and comes back', () => {
    expect(filterOf(queryOf(EVERYTHING))).toEqual(EVERYTHING)
    expect(queryOf(NO_FILTER)).toEqual({})
    expect(Object.keys(queryOf(EVERYTHING)).sort()).toEqual([...NAMES].sort())
  })

  it('passes over what a link cannot mean', () => {
    expect(filterOf({ state: 'signed,asleep', overdue: 'yes', priority: '9', q: ['a', 'b'], task: '7' })).toEqual({
      ...NO_FILTER,
      state: ['signed'],
    })
  })

  it('lets everything pass that it does not ask about', () => {
    expect(passes(NO_FILTER, card(), NOW)).toBe(true)
    expect(passes(EVERYTHING, owned, NOW + 120_000)).toBe(true)
  })

  it.each<[keyof Filter, Partial<Filter>]>([
    ['state', { state: ['closed'] }],
    ['station', { station: '33082402' }],
    ['cell', { cell: '330824100001002' }],
    ['category', { category: ['traffic'] }],
    ['priority', { priority: ['1'] }],
    ['officer', { officer: '330824002' }],
    ['source', { source: '12345' }],
    ['from', { from: '2026-11-22T13:00:01+08:00' }],
    ['to', { to: '2026-11-22T13:00:00+08:00' }],
    ['overdue', { overdue: true }],
    ['q', { q: '芹阳 0008' }],
  ])('holds back by %s what is another', (name, asked) => {
    const filter = { ...NO_FILTER, ...asked }
    expect(passes(filter, owned, NOW)).toBe(false)
    expect(askedBy(filter)).toEqual([name])
    expect(without(filter, name)).toEqual(NO_FILTER)
  })

  it('knows a task as overdue only while somebody has still to sign it', () => {
    const late = { ...NO_FILTER, overdue: true }
    expect(passes(late, card(), NOW + 120_000)).toBe(true)
    expect(passes(late, card({ state: 'signed', overdue_from: null }), NOW + 120_000)).toBe(false)
    expect(passes(late, card({ step: null, overdue_from: null }), NOW + 120_000)).toBe(false)
  })
})
