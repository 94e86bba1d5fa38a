import { api, ask } from '@/api/client'

export interface CellName {
  code: string
  name: string | null
  station: string | null
}

/** The cells of a grid version by code and name. */
export async function cellNames(version: string): Promise<CellName[]> {
  const params = { path: { name: version } }
  const found = await ask(api.GET('/api/v1/grid/versions/{name}/cells', { params }))
  return found.features.map(({ properties }) => properties as unknown as CellName)
}

/** A cell in a list of choices. */
export function cellChoice({ code, name }: CellName): { value: string; label: string } {
  return { value: code, label: name ? `${name} · ${code}` : code }
}
