import { expect, it } from 'vitest'

import { changedAttributes } from '@/grid/attributes'

const cell = { name: '城东', station: '33082401', area_m2: 1, team: null, class: 'urban' }
const form = { code: 'A', name: '城东', station: '33082401', team: '', class: 'urban' }

it('an edit of attributes says only what was changed', () => {
  expect(changedAttributes('A', cell, form)).toBeNull()
  expect(changedAttributes('A', cell, { ...form, code: 'B', team: '一队' })).toEqual({
    verb: 'set_attributes',
    code: 'A',
    new_code: 'B',
    team: '一队',
  })
})

it('an attribute that was emptied is taken away', () => {
  expect(changedAttributes('A', cell, { ...form, station: '', class: '' })).toEqual({
    verb: 'set_attributes',
    code: 'A',
    station: null,
    class: null,
  })
})
