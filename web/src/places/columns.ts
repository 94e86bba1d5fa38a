/** Which column of a file is likely which, by the names that bureaus give them. */
import type { Layer } from '@/grid/types'

export const ROLES = ['name', 'id', 'address', 'alias', 'lon', 'lat'] as const
export type Role = (typeof ROLES)[number]
export type Columns = Record<Role, string>

const LIKELY: Record<Role, RegExp> = {
  name: /^(name|title|.*(名称|地名|村名|路名|门牌).*|.*_?name)$/i,
  id: /^(id|code|.*(编号|编码|代码).*|.*_(id|code))$/i,
  address: /^(address|addr|.*(地址|位置).*)$/i,
  alias: /^(alias|.*(别名|曾用名|俗称|简称).*)$/i,
  lon: /^(lon|lng|long|longitude|x|.*经度.*)$/i,
  lat: /^(lat|latitude|y|.*纬度.*)$/i,
}

/** The guesses of each role, empty where nothing looks like it. */
export function likelyColumns({ fields }: Pick<Layer, 'fields'>): Columns {
  const first = (role: Role) => fields.find(({ name }) => LIKELY[role].test(name))?.name ?? ''
  return Object.fromEntries(ROLES.map((role) => [role, first(role)])) as Columns
}
