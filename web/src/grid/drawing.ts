/** What a drawn stretch means: a node moved with all its arcs, or vertices between that were. */
import { arcWith, keepsEnds, movedEnd, replacement, type Stretch } from './stretch'
import { nodeAt, withNodeMoved, type MovedArcs } from './topology'
import type { EditRequest, Line, Point, Topology } from './types'

interface MovedNode {
  node: string
  to: Point
}

function movedNode(topology: Topology, stretch: Stretch, drawn: Line): MovedNode | null {
  for (const end of ['first', 'last'] as const) {
    const to = movedEnd(stretch, drawn, end)
    const node = to && nodeAt(topology, stretch.arc, end)
    if (to && node !== undefined && node !== null) return { node, to }
  }
  return null
}

/** Whether a stretch may be drawn so: what holds it holds, and no node moves with arcs not loaded. */
export function mayStand(topology: Topology, stretch: Stretch, drawn: Line): boolean {
  if (!keepsEnds(stretch, topology.arcs[stretch.arc]?.length ?? 0, drawn)) return false
  const moved = (['first', 'last'] as const).filter((end) => movedEnd(stretch, drawn, end))
  return moved.every((end) => nodeAt(topology, stretch.arc, end) !== undefined)
}

/** The arcs as they would run. */
export function movedArcs(topology: Topology, stretch: Stretch, drawn: Line): MovedArcs {
  const moved = movedNode(topology, stretch, drawn)
  if (moved) return withNodeMoved(topology, moved.node, moved.to)
  return { [stretch.arc]: arcWith(topology.arcs[stretch.arc]!, stretch, drawn) }
}

/** The verb that makes it so on the server; null where nothing was moved. */
export function changeOf(topology: Topology, stretch: Stretch, drawn: Line): EditRequest | null {
  const moved = movedNode(topology, stretch, drawn)
  if (!moved) return replacement(stretch, drawn)
  const [lon, lat] = moved.to
  return { verb: 'move_node', node: Number(moved.node), lon, lat }
}
