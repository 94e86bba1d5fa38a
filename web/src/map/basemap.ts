/** The bureau's own background map, in the colours of the page. */
import type {
  ExpressionSpecification,
  LayerSpecification,
  SourceSpecification,
} from 'maplibre-gl'

import { FONT } from './fonts'
import type { Palette } from './palette'
import type { Basemap } from './types'

export const BASEMAP = 'basemap'

/** A basemap that can be drawn, with the names of its layers where it is of vectors. */
export interface Ground {
  readonly basemap: Basemap
  readonly layers: ReadonlySet<string>
}

/**
 * Layers of vector basemaps by what they are drawn as: the names of OpenMapTiles and of Protomaps,
 * the two schemas that tools make. What is called otherwise isn't drawn.
 */
const AREAS = { landcover: 'green', landuse: 'green', park: 'green', water: 'water', building: 'built', buildings: 'built' } as const
const LINES = { waterway: 'water', transportation: 'road', roads: 'road', boundary: 'border', boundaries: 'border' } as const
const LABELS = ['place', 'places', 'transportation_name', 'water_name'] as const

export function basemapSource({ basemap }: Ground): Record<string, SourceSpecification> {
  const { kind, format, address, minzoom, maxzoom, attribution } = basemap
  const bounds = basemap.bounds as [number, number, number, number]
  const about = { minzoom, maxzoom, bounds, attribution: attribution ?? '' }
  // The protocol's own description is not asked for: it would cost a request before the first tile.
  const tiles = [format === 'pmtiles' ? `pmtiles://${window.location.origin}${address}/{z}/{x}/{y}` : address]
  const source: SourceSpecification =
    kind === 'vector' ? { type: 'vector', tiles, ...about } : { type: 'raster', tiles, tileSize: 256, ...about }
  return { [BASEMAP]: source }
}

/** Under the cells: quiet, so that what happens stays the loudest. */
export function basemapLayers({ basemap, layers }: Ground, palette: Palette): LayerSpecification[] {
  if (basemap.kind === 'raster') return [rasterLayer(palette)]
  const has = (name: string) => layers.has(name)
  return [
    ...Object.entries(AREAS).filter(([name]) => has(name)).map(([name, use]) => areaLayer(name, palette.base[use])),
    ...Object.entries(LINES).filter(([name]) => has(name)).map(([name, use]) => lineLayer(name, palette.base[use])),
  ]
}

export function basemapLabels({ basemap, layers }: Ground, palette: Palette): LayerSpecification[] {
  if (basemap.kind === 'raster') return []
  return LABELS.filter((name) => layers.has(name)).map((name) => labelLayer(name, palette))
}

function rasterLayer(palette: Palette): LayerSpecification {
  return { id: BASEMAP, type: 'raster', source: BASEMAP, paint: palette.raster }
}

function areaLayer(name: string, colour: string): LayerSpecification {
  return {
    id: `${BASEMAP}-${name}`,
    type: 'fill',
    source: BASEMAP,
    'source-layer': name,
    filter: ['==', ['geometry-type'], 'Polygon'],
    paint: { 'fill-color': colour, 'fill-opacity': 0.6 },
  }
}

function lineLayer(name: string, colour: string): LayerSpecification {
  return {
    id: `${BASEMAP}-${name}`,
    type: 'line',
    source: BASEMAP,
    'source-layer': name,
    filter: ['==', ['geometry-type'], 'LineString'],
    layout: { 'line-join': 'round' },
    paint: { 'line-color': colour, 'line-width': ['interpolate', ['exponential', 1.5], ['zoom'], 7, 0.4, 16, 4] },
  }
}

function labelLayer(name: string, palette: Palette): LayerSpecification {
  const named: ExpressionSpecification = ['coalesce', ['get', 'name:zh'], ['get', 'name'], '']
  const along = name === 'transportation_name'
  return {
    id: `${BASEMAP}-${name}`,
    type: 'symbol',
    source: BASEMAP,
    'source-layer': name,
    layout: {
      'symbol-placement': along ? 'line' : 'point',
      'text-field': named,
      'text-font': FONT,
      'text-size': along ? 10.5 : 11.5,
    },
    paint: { 'text-color': palette.textSoft, 'text-halo-color': palette.textHalo, 'text-halo-width': 1 },
  }
}
