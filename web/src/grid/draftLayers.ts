/** How a draft looks: ground that was chosen or is nobody's, and boundaries under the hand. */
import type { LayerSpecification } from 'maplibre-gl'

import type { Palette } from '@/map/palette'

/** Wide enough for a hand that aims at a line. */
const REACH_PX = 14

export function draftLayers(palette: Palette): LayerSpecification[] {
  return [...groundLayers(palette), ...boundaryLayers(palette)]
}

function groundLayers(palette: Palette): LayerSpecification[] {
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
  ]
}

function boundaryLayers(palette: Palette): LayerSpecification[] {
  return [
    {
      id: 'draft-arcs',
      type: 'line',
      source: 'draft-arcs',
      paint: { 'line-color': palette.accent, 'line-width': REACH_PX, 'line-opacity': 0 },
    },
    {
      id: 'draft-held',
      type: 'line',
      source: 'draft-held',
      paint: { 'line-color': palette.accent, 'line-width': 2.4, 'line-opacity': 0.6 },
    },
    {
      id: 'draft-snap',
      type: 'circle',
      source: 'draft-snap',
      paint: {
        'circle-radius': 11,
        'circle-color': palette.accent,
        'circle-opacity': 0.15,
        'circle-stroke-color': palette.accent,
        'circle-stroke-width': 2,
      },
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
