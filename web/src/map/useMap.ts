/** One MapLibre map in a container, with its style following the theme and the language. */
import 'maplibre-gl/dist/maplibre-gl.css'
import {
  AJAXError,
  Map as MapLibreMap,
  prewarm,
  setWorkerUrl,
  type GeoJSONSource,
  type LngLatBoundsLike,
  type MapOptions,
} from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import { onBeforeUnmount, onMounted, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'

import { useAppearance } from '@/stores/appearance'
import { useBureau } from '@/stores/bureau'
import { putIcons } from './icons'
import { putUnitIcons } from './unitIcons'
import { DAY, NIGHT, type Palette } from './palette'
import { reconcile } from './reconcile'
import { buildStyle, type Desk, type OwnSource } from './style'
import { useMissing } from './useMissing'

setWorkerUrl(workerUrl)
// The worker starts while the page still asks for its data.
prewarm()

/** The container of a map; browser tests ask it where a place is on the screen, and what is there. */
export interface MapElement extends HTMLElement {
  gridserverLayersAt?: (lng: number, lat: number) => string[]
  gridserverProject?: (lng: number, lat: number) => { x: number; y: number }
}

export interface GridMap {
  /** Null until the style stands and features may be put in. */
  map: ShallowRef<MapLibreMap | null>
  palette: () => Palette
}

/** The palette and the style of the moment, by theme, stations, language and what the desk chose. */
function useMapStyle(desk: () => Desk | null) {
  const appearance = useAppearance()
  const bureau = useBureau()
  const { locale } = useI18n()

  const palette = () => (appearance.dark ? NIGHT : DAY)
  const style = () =>
    buildStyle({
      palette: palette(),
      stations: bureau.stations.map((station) => station.code).sort(),
      origin: window.location.origin,
      nameField: locale.value === 'en' ? 'name_en' : 'name',
      desk: desk(),
    })
  return { palette, style }
}

export function useMap(
  container: Ref<MapElement | null>,
  options: () => Partial<MapOptions>,
  desk: () => Desk | null = () => null,
): GridMap {
  const { palette, style } = useMapStyle(desk)
  const map = shallowRef<MapLibreMap | null>(null)
  let made: MapLibreMap | null = null
  const missing = useMissing(complete)

  /** Begins anew from a view, or from the page's own. */
  function make(view: Partial<MapOptions>): void {
    const begun = createMap(container.value!, { style: style(), ...view })
    // Not `load`, which waits for the first tiles: what the page puts in comes beside them.
    begun.on('style.load', () => {
      // The stations, the theme or the language may have come while it loaded.
      restyle(begun, style(), palette())
      map.value = begun
    })
    begun.on('error', ({ error }) => {
      // What got no answer is asked for again; anything else is a fault. It may be told of only
      // when the line is back.
      const isUnanswered = error instanceof AJAXError && error.status === 0
      if (navigator.onLine && !isUnanswered) reportError(error)
      else missing.note()
    })
    made = begun
  }

  function unmake(): void {
    map.value = null
    made?.remove()
  }

  function complete(): void {
    if (!made) return
    const view = { center: made.getCenter(), zoom: made.getZoom() }
    unmake()
    make({ ...options(), bounds: undefined, ...view })
  }

  watch(style, (changed) => {
    if (map.value) restyle(map.value, changed, palette())
  })
  onMounted(() => make(options()))
  onBeforeUnmount(unmake)

  return { map, palette }
}

function createMap(element: MapElement, options: Partial<MapOptions>): MapLibreMap {
  const map = new MapLibreMap({
    container: element,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 100,
    ...options,
  })
  map.touchZoomRotate.disableRotation()
  map.once('idle', () => (element.dataset['ready'] = 'true'))
  map.on('movestart', () => (element.dataset['moving'] = 'true'))
  map.on('moveend', () => delete element.dataset['moving'])
  element.gridserverProject = (lng, lat) => {
    const { x, y } = map.project([lng, lat])
    return { x, y }
  }
  element.gridserverLayersAt = (lng, lat) =>
    map.queryRenderedFeatures(map.project([lng, lat])).map(({ layer }) => layer.id)
  return map
}

/** Changes colours and names in place, so that no source has to be loaded again. */
function restyle(map: MapLibreMap, style: ReturnType<typeof buildStyle>, palette: Palette): void {
  reconcile(map, style)
  for (const layer of style.layers) {
    for (const [name, value] of Object.entries(layer.paint ?? {})) {
      map.setPaintProperty(layer.id, name as never, value as never)
    }
    const layout = layer.type === 'symbol' ? layer.layout : undefined
    if (layout?.['text-field']) map.setLayoutProperty(layer.id, 'text-field', layout['text-field'])
  }
  putIcons(map, palette)
  if (map.getSource('units')) putUnitIcons(map, palette)
}

/** The bureau's extent, as the map wants it. */
export function boundsOf(bbox: readonly number[] | null | undefined): LngLatBoundsLike | undefined {
  return bbox ? (bbox as [number, number, number, number]) : undefined
}

/** Puts features into one of the page's own sources. */
export function putFeatures(
  map: MapLibreMap,
  source: OwnSource,
  features: readonly GeoJSON.Feature[],
): void {
  map.getSource<GeoJSONSource>(source)?.setData({
    type: 'FeatureCollection',
    features: [...features],
  })
}

export function pointFeature(
  at: { lon: number; lat: number },
  properties: Record<string, unknown> = {},
): GeoJSON.Feature {
  return { type: 'Feature', geometry: { type: 'Point', coordinates: [at.lon, at.lat] }, properties }
}
