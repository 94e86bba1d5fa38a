import type { GeoJSONSource, LayerSpecification, Map as MapLibreMap } from 'maplibre-gl'
import { watch } from 'vue'

import type { Palette } from '@/map/palette'
import { FONT, NOTHING } from '@/map/fonts'
import { stationFill } from '@/map/cellLayers'
import { pointFeature, type GridMap } from '@/map/useMap'
import { useBureau } from '@/stores/bureau'
import { useWorkshop } from '@/stores/workshop'
import { centreOf, polygonAreaM2 } from './areas'
import type { Cells, Fault, Line } from './types'

/** Layers of the grid in force, which make room for the version on the table. */
const IN_FORCE = ['cells', 'cells-line', 'cell-names', 'cell-chosen']
const SOURCES = ['version-cells', 'version-names', 'faults', 'overlay'] as const
type Source = (typeof SOURCES)[number]

/** Below the names and the stations, where the cells in force are drawn too. */
const BELOW = 'outline-halo'

/** Draws a version's cells and its faults over the base map. */
export function useVersionLayers(
  { map, palette }: GridMap,
  cells: () => Cells | null,
  faults: () => readonly Fault[],
  chosen: () => Fault | null,
): void {
  const bureau = useBureau()
  const workshop = useWorkshop()
  const stations = () => bureau.stations.map((station) => station.code).sort()

  watch(
    map,
    (made) => {
      if (!made) return
      for (const id of SOURCES) made.addSource(id, { type: 'geojson', data: NOTHING })
      for (const layer of cellLayers(palette(), stations())) made.addLayer(layer, BELOW)
      for (const layer of topLayers(palette())) made.addLayer(layer)
    },
    { immediate: true },
  )
  watch([palette, stations], () => {
    for (const layer of [...cellLayers(palette(), stations()), ...topLayers(palette())]) {
      for (const [name, value] of Object.entries(layer.paint ?? {})) {
        map.value?.setPaintProperty(layer.id, name as never, value as never)
      }
    }
  })
  watch(
    [map, cells],
    () => {
      const shown = cells()
      put(map.value, 'version-cells', shown?.features ?? [])
      put(map.value, 'version-names', shown?.features.map(nameFeature) ?? [])
      for (const id of IN_FORCE) {
        map.value?.setLayoutProperty(id, 'visibility', shown ? 'none' : 'visible')
      }
    },
    { immediate: true },
  )
  watch(
    [map, () => workshop.overlay],
    () => put(map.value, 'overlay', workshop.overlay?.features ?? []),
    { immediate: true },
  )
  watch(
    [map, faults, chosen],
    () => {
      put(map.value, 'faults', faults().flatMap((fault, index) => faultFeature(fault, index, chosen())))
    },
    { immediate: true },
  )
}

function put(map: MapLibreMap | null, source: Source, features: GeoJSON.Feature[]): void {
  map?.getSource<GeoJSONSource>(source)?.setData({ type: 'FeatureCollection', features })
}

function nameFeature({ geometry, properties }: Cells['features'][number]): GeoJSON.Feature {
  const polygons = (
    geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
  ) as unknown as Line[][]
  const [largest] = [...polygons].sort((one, other) => polygonAreaM2(other) - polygonAreaM2(one))
  const [lon, lat] = centreOf(largest?.[0] ?? [])
  return pointFeature({ lon, lat }, { code: properties.code, name: properties.name })
}

function faultFeature(fault: Fault, index: number, chosen: Fault | null): GeoJSON.Feature[] {
  if (fault.lon === null || fault.lat === null) return []
  const { blocking } = fault
  const at = { lon: fault.lon, lat: fault.lat }
  return [pointFeature(at, { index, blocking, chosen: fault === chosen })]
}

function cellLayers(palette: Palette, stations: readonly string[]): LayerSpecification[] {
  return [
    {
      id: 'version-fill',
      type: 'fill',
      source: 'version-cells',
      paint: { 'fill-color': stationFill(palette, stations), 'fill-opacity': palette.fillOpacity },
    },
    {
      id: 'version-line',
      type: 'line',
      source: 'version-cells',
      paint: {
        'line-color': palette.cellLine,
        'line-opacity': 0.7,
        'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.6, 14, 1.4],
      },
    },
  ]
}

function topLayers(palette: Palette): LayerSpecification[] {
  const colour = ['case', ['get', 'blocking'], palette.priority[1]!, palette.amber]
  return [
    {
      id: 'version-names',
      type: 'symbol',
      source: 'version-names',
      minzoom: 10.5,
      layout: {
        'text-field': ['coalesce', ['get', 'name'], ['get', 'code']],
        'text-font': FONT,
        'text-size': ['interpolate', ['linear'], ['zoom'], 10, 10.5, 14, 14],
        'text-padding': 6,
        'text-max-width': 7,
      },
      paint: {
        'text-color': palette.textSoft,
        'text-halo-color': palette.textHalo,
        'text-halo-width': 1.2,
      },
    },
    {
      id: 'overlay',
      type: 'fill',
      source: 'overlay',
      filter: ['!=', ['geometry-type'], 'Point'],
      paint: { 'fill-color': palette.amber, 'fill-opacity': 0.55 },
    },
    {
      id: 'overlay-points',
      type: 'circle',
      source: 'overlay',
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-radius': 5,
        'circle-color': palette.amber,
        'circle-stroke-color': palette.surface,
        'circle-stroke-width': 1.5,
      },
    },
    {
      id: 'faults',
      type: 'circle',
      source: 'faults',
      paint: {
        'circle-radius': ['case', ['get', 'chosen'], 13, 5.5],
        'circle-color': colour as never,
        'circle-opacity': ['case', ['get', 'chosen'], 0.25, 0.9],
        'circle-stroke-color': ['case', ['get', 'chosen'], colour, palette.surface] as never,
        'circle-stroke-width': ['case', ['get', 'chosen'], 2.5, 1.5],
      },
    },
  ]
}
