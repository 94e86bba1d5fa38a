/** The colours of the map by night and by day; the same values as `tokens.css` where they meet. */
export interface Palette {
  ground: string
  beyond: string
  beyondLine: string
  outline: string
  outlineHalo: string
  cellLine: string
  text: string
  textSoft: string
  textHalo: string
  accent: string
  amber: string
  surface: string
  ended: string
  officer: string
  officerAway: string
  fillOpacity: number
  priority: Record<number, string>
  stations: readonly string[]
  /** From little to much. */
  load: readonly string[]
  heat: readonly string[]
  /** What a vector basemap is drawn in. */
  base: Record<'green' | 'water' | 'built' | 'road' | 'border', string>
  /** How a raster basemap is toned down. */
  raster: Record<'raster-opacity' | 'raster-saturation' | 'raster-brightness-max' | 'raster-brightness-min', number>
}

export const NIGHT: Palette = {
  ground: '#0a111e',
  beyond: '#0c1422',
  beyondLine: '#1a263b',
  outline: '#6f8fbd',
  outlineHalo: '#1a2c4b',
  cellLine: '#7f9cc9',
  text: '#dbe5f4',
  textSoft: '#93a6c4',
  textHalo: '#0a111e',
  accent: '#5ea2f5',
  amber: '#f2b548',
  surface: '#101a2b',
  ended: '#5c6d88',
  officer: '#5fc3a2',
  officerAway: '#8b97a8',
  fillOpacity: 0.24,
  priority: { 1: '#ff6b6b', 2: '#5ea2f5', 3: '#8aa7cf', 4: '#8494ad' },
  stations: [
    '#4f83c4',
    '#4aa39b',
    '#8a79c9',
    '#b08d57',
    '#6f9d6a',
    '#b3788f',
    '#5b9cc0',
    '#8f95b8',
    '#9f8d79',
  ],
  heat: ['#123b44', '#1a6670', '#2c9494', '#5fc4bb', '#c4f5ea'],
  load: ['#2f2a5c', '#473b88', '#6654b5', '#8f7be0', '#c9bcff'],
  base: { green: '#10201f', water: '#12304c', built: '#1a2436', road: '#2c3d5a', border: '#41557a' },
  raster: {
    'raster-opacity': 0.55,
    'raster-saturation': -0.6,
    'raster-brightness-max': 0.55,
    'raster-brightness-min': 0,
  },
}

export const DAY: Palette = {
  ground: '#eef1f6',
  beyond: '#eaeef4',
  beyondLine: '#d3dae5',
  outline: '#3f5f93',
  outlineHalo: '#c9d8ee',
  cellLine: '#5b7096',
  text: '#1d2c49',
  textSoft: '#5b6b85',
  textHalo: '#ffffff',
  accent: '#1d5fc4',
  amber: '#c98200',
  surface: '#ffffff',
  ended: '#9aa5b6',
  officer: '#23725b',
  officerAway: '#6b7686',
  fillOpacity: 0.26,
  priority: { 1: '#c22f36', 2: '#1d5fc4', 3: '#5878a3', 4: '#7f8b9e' },
  stations: [
    '#6f9bd6',
    '#6dbab2',
    '#a597dc',
    '#cdae7d',
    '#8fb98a',
    '#cf9cae',
    '#7fb7d6',
    '#aab0cf',
    '#bdae9c',
  ],
  heat: ['#bfe3e0', '#7cc5c4', '#3c9ea6', '#1e7186', '#0f4258'],
  load: ['#e3defa', '#c2b6f1', '#9c8ae2', '#7660cc', '#4f3aa3'],
  base: { green: '#e2ecdf', water: '#c5dbef', built: '#dfdfe4', road: '#c3cad6', border: '#a9b4c6' },
  raster: {
    'raster-opacity': 0.75,
    'raster-saturation': -0.45,
    'raster-brightness-max': 1,
    'raster-brightness-min': 0.1,
  },
}

/** The colours of the eight broad classes, in their order. */
export function categoryColours(palette: Palette): readonly string[] {
  return palette.stations.slice(0, 8)
}

/** The colour in which a shade is seen that is drawn so strongly, with the ground showing through: for a legend. */
export function seenOn({ ground }: Palette, shade: string, opacity: number): string {
  return `color-mix(in srgb, ${shade} ${Math.round(opacity * 100)}%, ${ground})`
}

/** The colour of each station's cells, by its place in the list. */
export function stationColours(palette: Palette, codes: readonly string[]): string[] {
  return codes.map((_, index) => palette.stations[index % palette.stations.length]!)
}
