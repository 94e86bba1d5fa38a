import type { LngLatBoundsLike } from 'maplibre-gl'
import { shallowRef, watch } from 'vue'

import type { IncidentCard } from '@/api/types'

type Ring = readonly (readonly [number, number])[]
export interface Cells {
  features: { geometry: { coordinates: readonly (readonly Ring[])[] } }[]
}

/** How far the cell of an incident reaches, in the grid version that decided; null until known. */
export function useCellBounds(incident: () => IncidentCard) {
  const bounds = shallowRef<LngLatBoundsLike | null>(null)

  async function load(version: string, code: string): Promise<void> {
    try {
      const response = await fetch(cellAddress(version, code))
      if (response.ok) bounds.value = boundsOfCells((await response.json()) as Cells)
    } catch (error) {
      // Offline the map keeps its first view around the place.
      if (!(error instanceof TypeError)) throw error
    }
  }

  watch(
    () => [incident().grid_version, incident().cell?.code] as const,
    ([version, code]) => {
      if (version && code) void load(version, code)
    },
    { immediate: true },
  )
  return { bounds }
}

/** The address of one cell's ground in a grid version. */
export function cellAddress(version: string, code: string): string {
  const path = `/api/v1/grid/versions/${encodeURIComponent(version)}/cells`
  return `${path}?code=${encodeURIComponent(code)}`
}

/** West, south, east, north of cells; null where there are none. */
export function boundsOfCells({ features }: Cells): [number, number, number, number] | null {
  const points = features.flatMap(({ geometry }) => geometry.coordinates.flat(2))
  if (points.length === 0) return null
  const lons = points.map(([lon]) => lon)
  const lats = points.map(([, lat]) => lat)
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]
}
