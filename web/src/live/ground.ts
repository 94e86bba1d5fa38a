/** Which tiles of the map a handheld keeps for a valley without signal; pure. */

/** West, south, east, north in degrees, EPSG:4326. */
export type Bounds = readonly [number, number, number, number]

export interface Tile {
  z: number
  x: number
  y: number
}

/** Web Mercator ends here (EPSG:3857). */
const FURTHEST_LAT = 85.0511

/** The tile that holds a place, by the XYZ scheme. */
export function tileAt(lon: number, lat: number, z: number): Tile {
  const side = 2 ** z
  const phi = (Math.max(-FURTHEST_LAT, Math.min(FURTHEST_LAT, lat)) * Math.PI) / 180
  const x = Math.floor(((lon + 180) / 360) * side)
  const y = Math.floor(((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2) * side)
  const within = (value: number) => Math.max(0, Math.min(side - 1, value))
  return { z, x: within(x), y: within(y) }
}

/** The tiles over `bounds` of the zooms from `first` to `last`, the coarse ones first. */
export function tilesOver(bounds: Bounds, first: number, last: number): Tile[] {
  const zooms = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  return zooms.flatMap((z) => tilesOfZoom(bounds, z))
}

function tilesOfZoom([west, south, east, north]: Bounds, z: number): Tile[] {
  const from = tileAt(west, north, z)
  const to = tileAt(east, south, z)
  const tiles: Tile[] = []
  for (let y = from.y; y <= to.y; y += 1) {
    for (let x = from.x; x <= to.x; x += 1) tiles.push({ z, x, y })
  }
  return tiles
}

/** The address of a tile by a TileJSON template. */
export function addressOf(template: string, { z, x, y }: Tile): string {
  return template.replace('{z}', String(z)).replace('{x}', String(x)).replace('{y}', String(y))
}
