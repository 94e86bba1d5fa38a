/** What a desk's map shows beside the grid: tasks in clusters, officers, field units, heat. */
import type {
  DataDrivenPropertyValueSpecification,
  ExpressionSpecification,
  LayerSpecification,
  SourceSpecification,
} from 'maplibre-gl'

import { FONT, FONT_BOLD, NOTHING } from './fonts'
import { seenOn, type Palette } from './palette'

/** Sources of the desk's maps alone, put in by `useLiveSource`. */
export const DESK_SOURCES = ['incidents', 'chosen', 'officers', 'units', 'heat'] as const
export type DeskSource = (typeof DESK_SOURCES)[number]

/** From here on each task stands by itself. */
const CLUSTERS_UNTIL = 12
const CLUSTER_RADIUS = 36
const NAMES_FROM = 11.5
const STALE_OPACITY = 0.5
const HEAT_OPACITY = 0.8

export function deskSources(): Record<string, SourceSpecification> {
  const own = DESK_SOURCES.map((id) => [id, { type: 'geojson', data: NOTHING }] as const)
  return {
    ...Object.fromEntries(own),
    incidents: {
      type: 'geojson',
      data: NOTHING,
      cluster: true,
      clusterRadius: CLUSTER_RADIUS,
      clusterMaxZoom: CLUSTERS_UNTIL - 1,
      clusterProperties: {
        worst: ['min', ['get', 'priority']],
        unsigned: ['any', ['get', 'unsigned']],
        overdue: ['any', ['get', 'overdue']],
      },
    },
  }
}

/** Calls of the last days; under the labels, so that places stay readable. */
export function heatLayers(palette: Palette): LayerSpecification[] {
  const shades = palette.heat.flatMap((colour, at, all) => [(at + 1) / all.length, colour])
  return [
    {
      id: 'heat',
      type: 'heatmap',
      source: 'heat',
      layout: { visibility: 'none' },
      paint: {
        'heatmap-weight': ['get', 'weight'],
        'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 7, 2.2, 14, 3],
        'heatmap-radius': ['interpolate', ['exponential', 1.6], ['zoom'], 7, 14, 11, 34, 15, 90],
        'heatmap-opacity': HEAT_OPACITY,
        'heatmap-color': [
          'interpolate',
          ['linear'],
          ['heatmap-density'],
          0,
          // The first shade without any of it: between it and black the edges would be grey.
          `${palette.heat[0]}00`,
          ...shades,
        ] as unknown as ExpressionSpecification,
      },
    },
  ]
}

/** The colours in which the heat is seen, from few calls to many: for a legend. */
export function seenHeat(palette: Palette): string[] {
  return palette.heat.map((shade) => seenOn(palette, shade, HEAT_OPACITY))
}

/** The class of each cell, by the feature state that `useCellFigures` sets. */
export function figureFill(shades: readonly string[], without: string) {
  const cases = shades.flatMap((colour, rank) => [rank, colour])
  return [
    'match',
    ['coalesce', ['feature-state', 'rank'], -1],
    ...cases,
    without,
  ] as unknown as DataDrivenPropertyValueSpecification<string>
}

/** The words of a cell's figure; `useCellFigures` puts them in. */
export function figureLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'cell-figures',
      type: 'symbol',
      source: 'grid',
      'source-layer': 'labels',
      layout: {
        'text-field': '',
        'text-font': FONT_BOLD,
        'text-size': 12,
        'text-offset': [0, 1.2],
        'text-padding': 1,
      },
      paint: labelPaint(palette, palette.text),
    },
  ]
}

export function unitLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'reach',
      type: 'circle',
      source: 'officers',
      filter: ['==', ['get', 'code'], ''],
      paint: {
        'circle-radius': [
          'interpolate',
          ['exponential', 2],
          ['zoom'],
          0,
          ['get', 'reach'],
          20,
          ['*', ['get', 'reach'], 2 ** 20],
        ],
        'circle-color': palette.officer,
        'circle-opacity': 0.12,
        'circle-stroke-color': palette.officer,
        'circle-stroke-width': 1,
      },
    },
    ...movingLayers('officers', palette),
    ...movingLayers('units', palette),
  ]
}

/** Where they head, who they are, and a mark where the charge is low. */
function movingLayers(source: 'officers' | 'units', palette: Palette): LayerSpecification[] {
  const opacity: ExpressionSpecification = ['case', ['get', 'stale'], STALE_OPACITY, 1]
  return [
    {
      id: `${source}-heading`,
      type: 'symbol',
      source,
      filter: ['!=', ['get', 'heading'], null],
      layout: {
        'icon-image': 'heading',
        'icon-rotate': ['get', 'heading'],
        'icon-rotation-alignment': 'map',
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
      },
    },
    {
      id: source,
      type: 'symbol',
      source,
      layout: {
        'icon-image': ['get', 'icon'],
        'icon-allow-overlap': true,
        'icon-size': source === 'units' ? 1 : ['interpolate', ['linear'], ['zoom'], 8, 0.6, 12, 1],
        'text-field': ['step', ['zoom'], '', source === 'units' ? 9.5 : NAMES_FROM, ['get', 'label']],
        'text-font': FONT,
        'text-size': 11,
        'text-variable-anchor': ['left', 'right', 'top', 'bottom'],
        'text-radial-offset': 1,
        'text-justify': 'auto',
        'text-optional': true,
      },
      paint: {
        ...labelPaint(palette, palette.text),
        'icon-opacity': opacity,
        'text-opacity': ['case', ['get', 'stale'], 0.8, 1],
      },
    },
    {
      id: `${source}-low`,
      type: 'symbol',
      source,
      filter: ['get', 'low'],
      minzoom: 9.5,
      layout: {
        'icon-image': 'battery-low',
        'icon-offset': [11, -9],
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
      },
    },
  ]
}

export function incidentLayers(palette: Palette): LayerSpecification[] {
  return [
    ...haloLayers('incidents', palette),
    {
      id: 'clusters',
      type: 'symbol',
      source: 'incidents',
      filter: ['has', 'point_count'],
      layout: {
        'icon-image': [
          'concat',
          'cluster-',
          ['get', 'worst'],
          ['case', ['get', 'unsigned'], '-unsigned', ''],
        ],
        'icon-allow-overlap': true,
        'text-field': ['to-string', ['get', 'point_count_abbreviated']],
        'text-font': FONT_BOLD,
        'text-size': 14,
        'text-allow-overlap': true,
        'symbol-sort-key': ['-', 0, ['get', 'worst']],
      },
      paint: { 'text-color': palette.text },
    },
    taskLayer('tasks', 'incidents', ['!', ['has', 'point_count']]),
    ...haloLayers('chosen', palette),
    taskLayer('chosen', 'chosen', true),
  ]
}

function haloLayers(source: 'incidents' | 'chosen', palette: Palette): LayerSpecification[] {
  const isChosen = source === 'chosen'
  const colour: ExpressionSpecification = [
    'case',
    ['get', 'overdue'],
    palette.amber,
    ['match', ['coalesce', ['get', 'priority'], ['get', 'worst']], 1, palette.priority[1]!, 2, palette.priority[2]!, 3, palette.priority[3]!, palette.priority[4]!],
  ]
  return [
    {
      id: `${source}-halo`,
      type: 'circle',
      source,
      filter: isChosen ? true : ['get', 'unsigned'],
      paint: {
        'circle-radius': isChosen ? 24 : 20,
        'circle-color': colour,
        'circle-opacity': 0.2,
        'circle-stroke-color': colour,
        'circle-stroke-width': isChosen ? 2 : 1,
        'circle-stroke-opacity': 0.8,
      },
    },
  ]
}

function taskLayer(id: string, source: DeskSource, filter: ExpressionSpecification | boolean): LayerSpecification {
  return {
    id,
    type: 'symbol',
    source,
    filter,
    layout: {
      'icon-image': ['get', 'icon'],
      'icon-allow-overlap': true,
      'symbol-sort-key': ['get', 'order'],
    },
  }
}

function labelPaint(palette: Palette, colour: string) {
  return { 'text-color': colour, 'text-halo-color': palette.textHalo, 'text-halo-width': 1.4 }
}
