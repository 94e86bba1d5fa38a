/** Some cells of a grid version: their names, and how far they reach together. */
import { api, ask } from '@/api/client'
import { boundsOfCells, type Cells } from '@/map/useCellBounds'
import type { CellName } from './cellChoices'

export interface CellGround {
  readonly names: Readonly<Record<string, string>>
  /** West, south, east, north in EPSG:4326; null where there are no cells. */
  readonly bounds: [number, number, number, number] | null
}

/** As many codes as an address holds; for more the whole version is asked for. */
const MOST_NAMED = 100
const NO_GROUND: CellGround = { names: {}, bounds: null }

/** @throws Refusal as `ask` does */
export async function groundOf(version: string | null | undefined, codes: readonly string[]): Promise<CellGround> {
  if (!version || codes.length === 0) return NO_GROUND
  const query = codes.length <= MOST_NAMED ? { code: [...codes] } : {}
  const params = { path: { name: version }, query }
  const { features } = await ask(api.GET('/api/v1/grid/versions/{name}/cells', { params }))
  const wanted = new Set(codes)
  const cells = features.filter(({ properties }) => wanted.has((properties as unknown as CellName).code))
  const named = cells.map(({ properties }) => properties as unknown as CellName)
  return {
    names: Object.fromEntries(named.map(({ code, name }) => [code, name ?? code])),
    bounds: boundsOfCells({ features: cells } as unknown as Cells),
  }
}
