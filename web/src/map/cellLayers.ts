/** The cells: coloured by station or by a figure, their lines and their names. */
import type { DataDrivenPropertyValueSpecification, LayerSpecification } from 'maplibre-gl'

import type { Colouring } from './cellFigures'
import { figureFill } from './deskLayers'
import { FONT } from './fonts'
import { categoryColours, seenOn, stationColours, type Palette } from './palette'

const FURTHEST_OVERVIEW = 10.2
/** Strong enough to read a shade by, and weak enough for what lies on it. */
const FIGURE_OPACITY = 0.55
/** The lines lie on the edges: to smooth them beneath would draw every edge twice. */
const FLAT = { 'fill-antialias': false }

export function cellLayers(
  palette: Palette,
  stations: readonly string[],
  colouring: Colouring,
): LayerSpecification[] {
  return [
    {
      id: 'cells',
      type: 'fill',
      source: 'grid',
      'source-layer': 'cells',
      paint: cellPaint(palette, stations, colouring),
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

export function cellNameLayers(palette: Palette): LayerSpecification[] {
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

function cellPaint(palette: Palette, stations: readonly string[], colouring: Colouring) {
  const strength = { ...FLAT, 'fill-opacity': opacityOf(palette, colouring) }
  if (colouring === 'station') return { ...strength, 'fill-color': stationFill(palette, stations) }
  const shades = colouring === 'load' ? palette.load : categoryColours(palette)
  return { ...strength, 'fill-color': figureFill(shades, palette.beyond) }
}

function opacityOf({ fillOpacity }: Palette, colouring: Colouring): number {
  return colouring === 'station' ? fillOpacity : FIGURE_OPACITY
}

/** The colour in which a cell of a shade is seen: for a legend. */
export function seenShade(palette: Palette, shade: string, colouring: Colouring): string {
  return seenOn(palette, shade, opacityOf(palette, colouring))
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
