import { describe, expect, it } from 'vitest'

import { likelyColumns } from '@/grid/columns'

function layerWith(...names: string[]) {
  return { fields: names.map((name) => ({ name, sample: [] })) }
}

describe('the columns of a file', () => {
  it('are guessed by the names that bureaus give them', () => {
    expect(likelyColumns(layerWith('OBJECTID', '网格编码', '网格名称', '所属派出所'))).toEqual({
      code: '网格编码',
      name: '网格名称',
      station: '所属派出所',
    })
    expect(likelyColumns(layerWith('beat_num', 'district'))).toEqual({
      code: 'beat_num',
      name: '',
      station: 'district',
    })
  })

  it('are left to the person where nothing looks like it', () => {
    expect(likelyColumns(layerWith('a', 'b'))).toEqual({ code: '', name: '', station: '' })
  })
})
