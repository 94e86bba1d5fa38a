import { expect, it } from 'vitest'

import { changedLoads } from '@/grid/loads'

it('of the loads those that change are shown, the greatest change first', () => {
  const loads = [
    { name: 'same', before: 4, after: 4 },
    { name: 'less', before: 4, after: 3 },
    { name: 'more', before: 0, after: 7 },
  ]
  expect(changedLoads(loads).map(({ name }) => name)).toEqual(['more', 'less'])
})
