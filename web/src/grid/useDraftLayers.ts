import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl'
import { watch } from 'vue'

import { NOTHING } from '@/map/fonts'
import { pointFeature, type GridMap } from '@/map/useMap'
import { useDraft } from '@/stores/draft'
import { useEditing } from '@/stores/editing'
import { draftLayers } from './draftLayers'
import { arcFeatures } from './topology'
import type { Line, Point } from './types'

const SOURCES = ['draft-arcs', 'draft-held', 'draft-snap', 'draft-kept', 'draft-refused'] as const

/** What only a draft has: boundaries to take hold of, ground to be given, refusals in their place. */
export function useDraftLayers({ map, palette }: GridMap): void {
  const draft = useDraft()
  const editing = useEditing()
  watch(
    map,
    (made) => {
      if (!made) return
      for (const id of SOURCES) made.addSource(id, { type: 'geojson', data: NOTHING })
      for (const layer of draftLayers(palette())) made.addLayer(layer, 'version-names')
    },
    { immediate: true },
  )
  watch(palette, (now) => {
    for (const layer of draftLayers(now)) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        map.value?.setPaintProperty(layer.id, name as never, value as never)
      }
    }
  })
  watch(
    [map, () => draft.topology],
    () => put(map.value, 'draft-arcs', draft.topology ? arcFeatures(draft.topology) : []),
    { immediate: true },
  )
  watch([map, () => draft.kept], () => {
    const drawn = draft.kept?.drawn
    put(map.value, 'draft-kept', drawn ? [lineFeature(drawn)] : [])
  })
  watch([map, () => draft.fault], () => put(map.value, 'draft-refused', placeFeature(draft.fault)))
  watch([map, () => editing.moved], () => {
    put(map.value, 'draft-held', Object.values(editing.moved).map(lineFeature))
  })
  watch([map, () => editing.snappedTo], () => {
    put(map.value, 'draft-snap', placeFeature(editing.snappedTo))
  })
  watch([map, () => editing.cells, () => editing.face, () => draft.topology], () => {
    const codes = ['in', ['get', 'code'], ['literal', editing.cells]]
    const face = ['==', ['get', 'face'], editing.face ?? '']
    for (const id of ['draft-chosen', 'draft-chosen-line']) {
      map.value?.setFilter(id, ['any', codes, face] as never)
    }
  })
}

function put(
  map: MapLibreMap | null,
  source: (typeof SOURCES)[number],
  features: GeoJSON.Feature[],
): void {
  map?.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features })
}

function lineFeature(coords: Line): GeoJSON.Feature {
  const geometry = { type: 'LineString' as const, coordinates: coords as Point[] }
  return { type: 'Feature', geometry, properties: {} }
}

function placeFeature(at: Point | null): GeoJSON.Feature[] {
  return at ? [pointFeature({ lon: at[0], lat: at[1] })] : []
}
