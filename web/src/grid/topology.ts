/** A draft as shared arcs: its faces and boundaries to draw, and its state after an edit. */
import { polygonAreaM2 } from './areas'
import type { ArcRef, CellProperties, EditResult, Line, Point, Topology } from './types'

/** Where arcs run while they are being dragged. */
export type MovedArcs = Readonly<Record<string, Line>>

export function arcOf(ref: ArcRef): string {
  return String(ref >= 0 ? ref : ~ref)
}

function lineOf(topology: Topology, ref: ArcRef, moved: MovedArcs = {}): Line {
  const arc = arcOf(ref)
  const coords = moved[arc] ?? topology.arcs[arc]!
  return ref >= 0 ? coords : [...coords].reverse()
}

/** The rings of a face, each closed. */
export function ringsOf(topology: Topology, face: string, moved: MovedArcs = {}): Point[][] {
  return topology.faces[face]!.rings.map((refs) =>
    // An arc begins where the one before it ended.
    refs.flatMap((ref, index) => lineOf(topology, ref, moved).slice(index === 0 ? 0 : 1)),
  )
}

export function faceAreaM2(topology: Topology, face: string, moved: MovedArcs = {}): number {
  return polygonAreaM2(ringsOf(topology, face, moved))
}

export interface FaceProperties extends CellProperties {
  face: string
  cells: string[]
}

/** The faces as polygons; `code` is empty where nobody or more than one has the ground. */
export function faceFeatures(
  topology: Topology,
): GeoJSON.FeatureCollection<GeoJSON.Polygon, FaceProperties> {
  const features = Object.entries(topology.faces).map(([face, { cells }]) => {
    const [code] = cells
    const owner = cells.length === 1 && code !== undefined ? code : ''
    const { name = '', station = null } = topology.cells[owner] ?? {}
    return {
      type: 'Feature' as const,
      geometry: { type: 'Polygon' as const, coordinates: ringsOf(topology, face) },
      properties: { face, cells, code: owner, name, station },
    }
  })
  return { type: 'FeatureCollection', features }
}

/** The boundaries as lines; `outline` where the ground on one side is not of this coverage. */
export function arcFeatures(topology: Topology): GeoJSON.Feature<GeoJSON.LineString>[] {
  const outline = new Set(topology.outline)
  return Object.entries(topology.arcs).map(([arc, coords]) => ({
    type: 'Feature',
    geometry: { type: 'LineString', coordinates: coords as Point[] },
    properties: { arc, outline: outline.has(Number(arc)) },
  }))
}

/** The faces beside each arc. */
export function sidesOf(topology: Topology): Map<string, string[]> {
  const sides = new Map<string, string[]>()
  for (const [face, { rings }] of Object.entries(topology.faces)) {
    for (const arc of rings.flat().map(arcOf)) sides.set(arc, [...(sides.get(arc) ?? []), face])
  }
  return sides
}

/** The node at an end of an arc: its first vertex or its last. */
export function nodeAt(topology: Topology, arc: string, end: 'first' | 'last'): string | undefined {
  const leaving = end === 'first' ? Number(arc) : ~Number(arc)
  return Object.keys(topology.nodes).find((node) => topology.nodes[node]!.includes(leaving))
}

/** All arcs of a node, as they run once it has moved. */
export function withNodeMoved(topology: Topology, node: string, to: Point): MovedArcs {
  const moved: Record<string, Line> = {}
  for (const ref of topology.nodes[node]!) {
    const coords = moved[arcOf(ref)] ?? topology.arcs[arcOf(ref)]!
    moved[arcOf(ref)] = ref >= 0 ? [to, ...coords.slice(1)] : [...coords.slice(0, -1), to]
  }
  return moved
}

/** The cells that border on a face, without its own. */
export function neighboursOf(topology: Topology, face: string): string[] {
  const sides = sidesOf(topology)
  const own = new Set(topology.faces[face]?.cells)
  const around = (topology.faces[face]?.rings ?? [])
    .flat()
    .flatMap((ref) => sides.get(arcOf(ref)) ?? [])
    .flatMap((other) => topology.faces[other]!.cells)
  return [...new Set(around)].filter((code) => !own.has(code)).sort()
}

/** The cells that border on a cell. */
export function cellsBeside(topology: Topology, code: string): string[] {
  const own = Object.keys(topology.faces).filter((face) => topology.faces[face]!.cells.includes(code))
  const around = own.flatMap((face) => neighboursOf(topology, face))
  return [...new Set(around)].filter((other) => other !== code).sort()
}

export interface AreaPreview {
  code: string
  name: string
  before: number
  after: number
  households: number | null
  calls: number | null
}

/** What the cells beside moved arcs would measure. */
export function previewAreas(topology: Topology, moved: MovedArcs): AreaPreview[] {
  const changes = new Map<string, number>()
  const sides = sidesOf(topology)
  const faces = Object.keys(moved).flatMap((arc) => sides.get(arc) ?? [])
  for (const face of new Set(faces)) {
    const change = faceAreaM2(topology, face, moved) - faceAreaM2(topology, face)
    for (const code of topology.faces[face]!.cells) {
      changes.set(code, (changes.get(code) ?? 0) + change)
    }
  }
  return [...changes].map(([code, change]) => {
    const { name, area_m2, households = null, calls = null } = topology.cells[code]!
    return { code, name, before: area_m2, after: area_m2 + change, households, calls }
  })
}

/** The draft after an edit, everything that did not change shared with the one before. */
export function applied(topology: Topology, result: EditResult): Topology {
  return {
    revision: result.revision,
    outline: [...topology.outline.filter((arc) => !(arc in result.arcs)), ...result.outline],
    arcs: merged(topology.arcs, result.arcs),
    nodes: merged(topology.nodes, result.nodes),
    faces: merged(topology.faces, result.faces),
    cells: merged(topology.cells, result.cells),
  }
}

function merged<Item>(
  former: Readonly<Record<string, Item>>,
  changes: Record<string, Item | null>,
): Record<string, Item> {
  const kept = Object.entries(former).filter(([key]) => !(key in changes))
  const set = Object.entries(changes).filter(([, value]) => value !== null)
  return Object.fromEntries([...kept, ...set]) as Record<string, Item>
}
