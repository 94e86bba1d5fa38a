/** The base style: the county, its cells by station, its labels. No glyph or tile leaves the host. */
import type {
  LayerSpecification,
  SourceSpecification,
  StyleSpecification,
} from 'maplibre-gl'

import { basemapLabels, basemapLayers, basemapSource, type Ground } from './basemap'
import type { Colouring } from './cellFigures'
import { cellLayers, cellNameLayers } from './cellLayers'
import {
  deskSources,
  figureLayers,
  heatLayers,
  incidentLayers,
  unitLayers,
  type DeskSource,
} from './deskLayers'
import { FONT, FONT_BOLD, NOTHING } from './fonts'
import type { Palette } from './palette'

/** Sources whose features the page puts in by itself. */
export const OWN_SOURCES = ['stations', 'tasks', 'picked', 'own'] as const
export type OwnSource = (typeof OWN_SOURCES)[number]
export type { DeskSource }

/** What a desk's map shows beyond the handheld's. */
export interface Desk {
  colouring: Colouring
  ground: Ground | null
}

export interface StyleOptions {
  palette: Palette
  stations: readonly string[]
  origin: string
  nameField: 'name' | 'name_en'
  desk: Desk | null
}

export function buildStyle(options: StyleOptions): StyleSpecification {
  const { palette, desk } = options
  const ground = desk?.ground
  return {
    version: 8,
    sources: {
      ...sources(options.origin),
      ...(desk ? deskSources() : {}),
      ...(ground ? basemapSource(ground) : {}),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': palette.ground } },
      ...neighbourLayers(options),
      ...(ground ? basemapLayers(ground, palette) : []),
      ...cellLayers(palette, options.stations, desk?.colouring ?? 'station'),
      ...(desk ? heatLayers(palette) : []),
      ...outlineLayers(palette),
      ...(ground ? basemapLabels(ground, palette) : []),
      ...cellNameLayers(palette),
      ...(desk ? figureLayers(palette) : []),
      ...(desk ? unitLayers(palette) : []),
      ...stationLayers(palette),
      ...(desk ? incidentLayers(palette) : taskLayers(palette)),
      ...pickedLayers(palette),
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
    // By their codes cells have a state, which colours them.
    grid: { type: 'vector', url: `${origin}/tiles/grid.json`, promoteId: { cells: 'code' } },
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

function taskLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'tasks-halo',
      type: 'circle',
      source: 'tasks',
      filter: ['get', 'unsigned'],
      paint: {
        'circle-radius': 20,
        'circle-color': ['case', ['get', 'overdue'], palette.amber, ['get', 'colour']],
        'circle-opacity': 0.2,
        'circle-stroke-color': ['case', ['get', 'overdue'], palette.amber, ['get', 'colour']],
        'circle-stroke-width': 1,
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
