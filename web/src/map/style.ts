/** The base style: the county, its cells by station, its labels. No glyph or tile leaves the host. */
import type {
  DataDrivenPropertyValueSpecification,
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from 'maplibre-gl'

import { stationColours, type Palette } from './palette'

/** Without a `glyphs` address MapLibre draws every label with the fonts of the device. */
export const FONT = ['Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', 'sans-serif']
/** The weight is read from the first name; no font is called so, and the next one serves. */
const FONT_BOLD = ['Bold', ...FONT]
const FURTHEST_OVERVIEW = 10.2

export const NOTHING: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }

/** Sources whose features the page puts in by itself. */
export const OWN_SOURCES = ['stations', 'tasks', 'officers', 'picked', 'own'] as const
export type OwnSource = (typeof OWN_SOURCES)[number]

export interface StyleOptions {
  palette: Palette
  stations: readonly string[]
  origin: string
  nameField: 'name' | 'name_en'
}

export function buildStyle(options: StyleOptions): StyleSpecification {
  return {
    version: 8,
    sources: sources(options.origin),
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': options.palette.ground } },
      ...neighbourLayers(options),
      ...cellLayers(options),
      ...outlineLayers(options.palette),
      ...cellNameLayers(options.palette),
      ...officerLayers(options.palette),
      ...stationLayers(options.palette),
      ...taskLayers(options.palette),
      ...pickedLayers(options.palette),
    ],
  }
}

function sources(origin: string): Record<string, SourceSpecification> {
  const own = OWN_SOURCES.map((id) => [id, { type: 'geojson', data: NOTHING }] as const)
  return {
    neighbours: { type: 'geojson', data: `${origin}/api/v1/grid/neighbours` },
    // In coarse tiles, because a polygon is named once in each tile that it reaches into.
    'neighbour-names': {
      type: 'geojson',
      data: `${origin}/api/v1/grid/neighbours`,
      maxzoom: 5,
    },
    outline: { type: 'geojson', data: `${origin}/api/v1/grid/outline` },
    grid: { type: 'vector', url: `${origin}/tiles/grid.json` },
    ...Object.fromEntries(own),
  }
}

function neighbourLayers({ palette, nameField }: StyleOptions): LayerSpecification[] {
  return [
    {
      id: 'neighbours',
      type: 'fill',
      source: 'neighbours',
      paint: { 'fill-color': palette.beyond, 'fill-antialias': false },
    },
    {
      id: 'neighbours-line',
      type: 'line',
      source: 'neighbours',
      paint: { 'line-color': palette.beyondLine, 'line-width': 1, 'line-opacity': 0.8 },
    },
    {
      id: 'neighbours-name',
      type: 'symbol',
      source: 'neighbour-names',
      layout: {
        'text-field': ['coalesce', ['get', nameField], ['get', 'name']],
        'text-font': FONT,
        'text-size': 13,
        'text-letter-spacing': 0.2,
      },
      paint: { 'text-color': palette.textSoft, 'text-opacity': 0.6 },
    },
  ]
}

function cellLayers({ palette, stations }: StyleOptions): LayerSpecification[] {
  return [
    {
      id: 'cells',
      type: 'fill',
      source: 'grid',
      'source-layer': 'cells',
      paint: { 'fill-color': stationFill(palette, stations), 'fill-opacity': palette.fillOpacity },
    },
    {
      id: 'cells-line',
      type: 'line',
      source: 'grid',
      'source-layer': 'cells',
      paint: {
        'line-color': palette.cellLine,
        'line-opacity': ['interpolate', ['linear'], ['zoom'], 8, 0.22, 12, 0.5, 15, 0.8],
        'line-width': ['interpolate', ['linear'], ['zoom'], 8, 0.5, 12, 1, 15, 1.6],
      },
    },
    {
      id: 'cell-chosen',
      type: 'line',
      source: 'grid',
      'source-layer': 'cells',
      filter: ['==', ['get', 'code'], ''],
      paint: { 'line-color': palette.accent, 'line-width': 2.4 },
    },
  ]
}

function outlineLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'outline-halo',
      type: 'line',
      source: 'outline',
      paint: { 'line-color': palette.outlineHalo, 'line-width': 9, 'line-blur': 6 },
    },
    {
      id: 'outline',
      type: 'line',
      source: 'outline',
      paint: { 'line-color': palette.outline, 'line-width': 1.6 },
    },
  ]
}

function cellNameLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'cell-names',
      type: 'symbol',
      source: 'grid',
      'source-layer': 'labels',
      minzoom: FURTHEST_OVERVIEW,
      layout: {
        'text-field': ['get', 'name'],
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
  ]
}

export function stationFill(
  palette: Palette,
  stations: readonly string[],
): DataDrivenPropertyValueSpecification<string> {
  if (stations.length === 0) return palette.accent
  const colours = stationColours(palette, stations)
  const cases = stations.flatMap((code, index) => [code, colours[index]!])
  return ['match', ['get', 'station'], ...cases, palette.ended] as unknown as string
}

function stationLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'stations',
      type: 'symbol',
      source: 'stations',
      layout: {
        'icon-image': 'station',
        'icon-allow-overlap': true,
        'text-field': ['get', 'name'],
        'text-font': FONT_BOLD,
        'text-size': 12,
        'text-variable-anchor': ['top', 'bottom', 'left', 'right'],
        'text-radial-offset': 1,
        'text-justify': 'auto',
        'text-optional': true,
      },
      paint: {
        'text-color': palette.text,
        'text-halo-color': palette.textHalo,
        'text-halo-width': 1.6,
      },
    },
  ]
}

function officerLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'officers',
      type: 'circle',
      source: 'officers',
      paint: {
        'circle-radius': ['interpolate', ['linear'], ['zoom'], 8, 3, 13, 5],
        'circle-color': ['case', ['get', 'online'], palette.officer, palette.officerAway],
        'circle-stroke-color': palette.surface,
        'circle-stroke-width': 1.5,
      },
    },
    {
      id: 'officers-name',
      type: 'symbol',
      source: 'officers',
      minzoom: 12,
      layout: {
        'text-field': ['get', 'name'],
        'text-font': FONT,
        'text-size': 11,
        'text-anchor': 'left',
        'text-offset': [0.8, 0],
      },
      paint: {
        'text-color': ['case', ['get', 'online'], palette.officer, palette.officerAway],
        'text-halo-color': palette.textHalo,
        'text-halo-width': 1.2,
      },
    },
  ]
}

function taskLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'tasks-halo',
      type: 'circle',
      source: 'tasks',
      filter: ['any', ['get', 'chosen'], ['get', 'unsigned']],
      paint: {
        'circle-radius': ['case', ['get', 'chosen'], 24, 20],
        'circle-color': ['case', ['get', 'overdue'], palette.amber, ['get', 'colour']],
        'circle-opacity': 0.2,
        'circle-stroke-color': ['case', ['get', 'overdue'], palette.amber, ['get', 'colour']],
        'circle-stroke-width': ['case', ['get', 'chosen'], 2, 1],
        'circle-stroke-opacity': 0.8,
      },
    },
    {
      id: 'tasks',
      type: 'symbol',
      source: 'tasks',
      layout: {
        'icon-image': ['get', 'icon'],
        'icon-allow-overlap': true,
        'symbol-sort-key': ['get', 'order'],
      },
    },
  ]
}

function pickedLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'own',
      type: 'circle',
      source: 'own',
      paint: {
        'circle-radius': 7,
        'circle-color': palette.accent,
        'circle-stroke-color': '#ffffff',
        'circle-stroke-width': 2.5,
      },
    },
    {
      id: 'picked-reach',
      type: 'fill',
      source: 'picked',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': palette.accent, 'fill-opacity': 0.16 },
    },
    {
      id: 'picked-rim',
      type: 'line',
      source: 'picked',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'line-color': palette.accent, 'line-width': 1.5, 'line-dasharray': [3, 2] },
    },
    {
      id: 'picked',
      type: 'symbol',
      source: 'picked',
      filter: ['==', ['geometry-type'], 'Point'],
      layout: { 'icon-image': 'pin', 'icon-anchor': 'bottom', 'icon-allow-overlap': true },
    },
  ]
}
