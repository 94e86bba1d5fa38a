/** Which column of a file is likely which, by the names that bureaus give them. */
import type { Layer } from './types'

const LIKELY = {
  code: /^(code|id|beat_num|.*(编码|编号|代码|网格号).*|.*_?code)$/i,
  name: /^(name|title|.*(名称|名字).*|.*_?name)$/i,
  station: /^(station|district|.*(派出所|所属|辖区).*)$/i,
} as const

export interface Columns {
  code: string
  name: string
  station: string
}

/** The guesses of each role, empty where nothing looks like it. */
export function likelyColumns({ fields }: Pick<Layer, 'fields'>): Columns {
  const first = (pattern: RegExp) => fields.find(({ name }) => pattern.test(name))?.name ?? ''
  return { code: first(LIKELY.code), name: first(LIKELY.name), station: first(LIKELY.station) }
}
