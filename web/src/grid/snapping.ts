/** Where a hand is drawn to when it comes near. */
import { distanceTo, nearestOn } from './near'
import { rounded, type Stretch } from './stretch'
import type { Line, Point } from './types'

/** A vertex draws a hand from further than the line between two. */
const VERTEX_PULL = 1.6
const TILE_PX = 512

export interface Magnets {
  vertices: Line
  lines: readonly Line[]
}

/** How many degrees of latitude some pixels are, in Web Mercator. */
export function degreesOf(pixels: number, zoom: number, lat: number): number {
  return (pixels * 360 * Math.cos((lat * Math.PI) / 180)) / (TILE_PX * 2 ** zoom)
}

/** The vertex within reach (in degrees of latitude) of a place, else the place on a line; or null. */
export function snapped({ vertices, lines }: Magnets, place: Point, reach: number): Point | null {
  const vertex = nearest(vertices, place)
  if (vertex && distanceTo(place, vertex) <= reach * VERTEX_PULL) return vertex
  const onLines = lines.map((line) => nearestOn(line, place).at)
  const line = nearest(onLines, place)
  return line && distanceTo(place, line) <= reach ? line : null
}

/**
 * Where a dragged vertex comes to rest: where it was, or on the straight line between its
 * neighbours. Other boundaries draw no vertex, since it may not touch them.
 */
export function restsOf(stretch: Stretch, line: Line, index: number): Magnets {
  const inserted = line.length !== stretch.coords.length
  const [before, after] = [line[index - 1], line[index + 1]]
  return {
    vertices: inserted ? [] : rounded([stretch.coords[index]!]),
    lines: before && after ? [[before, after]] : [],
  }
}

function nearest(points: Line, place: Point): Point | null {
  let best: Point | null = null
  for (const point of points) {
    if (!best || distanceTo(place, point) < distanceTo(place, best)) best = point
  }
  return best
}
