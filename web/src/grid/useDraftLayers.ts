import type { GeoJSONSource, LayerSpecification, Map as MapLibreMap } from 'maplibre-gl'
import { watch } from 'vue'

import type { Palette } from '@/map/palette'
import { NOTHING } from '@/map/style'
import { pointFeature, type GridMap } from '@/map/useMap'
import { useDraft } from '@/stores/draft'
import { arcFeatures } from './topology'
import type { Line, Point } from './types'

const SOURCES = ['draft-arcs', 'draft-kept', 'draft-refused'] as const
/** Wide enough for a hand that aims at a line. */
const REACH_PX = 14

/** What only a draft has: boundaries to take hold of, ground to be given, refusals in their place. */
export function useDraftLayers(
  { map, palette }: GridMap,
  chosenCells: () => readonly string[],
  chosenFace: () => string | null,
): void {
  const draft = useDraft()
  watch(
    map,
    (made) => {
      if (!made) return
      for (const id of SOURCES) made.addSource(id, { type: 'geojson', data: NOTHING })
      for (const layer of layers(palette())) made.addLayer(layer, 'version-names')
    },
    { immediate: true },
  )
  watch(palette, (now) => {
    for (const layer of layers(now)) {
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
  watch([map, () => draft.fault], () => {
    const at = draft.fault
    put(map.value, 'draft-refused', at ? [pointFeature({ lon: at[0], lat: at[1] })] : [])
  })
  watch([map, chosenCells, chosenFace, () => draft.topology], () => {
    const codes = ['in', ['get', 'code'], ['literal', chosenCells()]]
    const face = ['==', ['get', 'face'], chosenFace() ?? '']
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

function layers(palette: Palette): LayerSpecification[] {
  const red = palette.priority[1]!
  return [
    {
      id: 'draft-unowned',
      type: 'fill',
      source: 'version-cells',
      filter: ['all', ['has', 'face'], ['==', ['get', 'code'], '']],
      paint: { 'fill-color': red, 'fill-opacity': 0.5 },
    },
    {
      id: 'draft-chosen',
      type: 'fill',
      source: 'version-cells',
      filter: ['==', ['get', 'code'], '-'],
      paint: { 'fill-color': palette.accent, 'fill-opacity': 0.22 },
    },
    {
      id: 'draft-chosen-line',
      type: 'line',
      source: 'version-cells',
      filter: ['==', ['get', 'code'], '-'],
      paint: { 'line-color': palette.accent, 'line-width': 2.4 },
    },
    {
      id: 'draft-arcs',
      type: 'line',
      source: 'draft-arcs',
      paint: { 'line-color': palette.accent, 'line-width': REACH_PX, 'line-opacity': 0 },
    },
    {
      id: 'draft-kept',
      type: 'line',
      source: 'draft-kept',
      paint: { 'line-color': palette.amber, 'line-width': 2.5, 'line-dasharray': [2, 1.5] },
    },
    {
      id: 'draft-refused',
      type: 'circle',
      source: 'draft-refused',
      paint: {
        'circle-radius': 13,
        'circle-color': palette.amber,
        'circle-opacity': 0.25,
        'circle-stroke-color': palette.amber,
        'circle-stroke-width': 3,
      },
    },
  ]
}
