/** What lies under a ring that was drawn on a draft. */
import { centreOf } from './areas'
import { ringsOf } from './topology'
import type { Line, Point, Topology } from './types'

/** The cells that a ring covers some of, the one in its middle first. */
export function cellsUnder(topology: Topology, ring: Line): string[] {
  const middle = centreOf(ring)
  const meeting = Object.keys(topology.faces).flatMap((face) => {
    const rings = ringsOf(topology, face)
    const inMiddle = covers(rings, middle)
    return inMiddle || meets(rings, ring) ? [{ inMiddle, cells: topology.faces[face]!.cells }] : []
  })
  const ordered = meeting.sort((one, other) => Number(other.inMiddle) - Number(one.inMiddle))
  return [...new Set(ordered.flatMap(({ cells }) => cells))]
}

function meets(rings: readonly Line[], ring: Line): boolean {
  const far = bounds(rings[0]!)
  const near = bounds(ring)
  const apart = far.some(([low, high], axis) => low > near[axis]![1] || high < near[axis]![0])
  if (apart) return false
  return ring.some((point) => covers(rings, point)) || rings[0]!.some((point) => covers([ring], point))
}

function bounds(line: Line): [low: number, high: number][] {
  return [0, 1].map((axis) => {
    const values = line.map((point) => point[axis]!)
    return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]
  })
}

/** Whether a point lies within rings, by how often a line to the east crosses them. */
function covers(rings: readonly Line[], [lon, lat]: Point): boolean {
  let inside = false
  for (const ring of rings) {
    for (let i = 0; i + 1 < ring.length; i++) {
      const [[x0, y0], [x1, y1]] = [ring[i]!, ring[i + 1]!]
      if (y0 > lat !== y1 > lat && lon < x0 + ((lat - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside
    }
  }
  return inside
}
