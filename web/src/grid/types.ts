/** The shapes of the grid workshop, by their names on the wire. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Version = Schemas['Version']
export type Fault = Schemas['Fault'] & { id: string; geometry: GeoJSON.Geometry | null }
export type Proposal = Schemas['Proposal'] & { geometry: GeoJSON.Geometry | null }
export type RepairRequest = Schemas['Repairs']
export type Upload = Schemas['Upload']
export type Layer = Upload['layers'][number]
export type NewDraft = Schemas['Draft']
export type ImportedVersion = Schemas['ImportedVersion']
export type Diff = Schemas['Diff']
export type Rehearsal = Schemas['Rehearsal']
export type NewExclusion = Schemas['NewExclusion']
export type Exclusion = Schemas['Exclusion']
export type HistoryPage = Schemas['HistoryPage']
export type HistoryEntry = HistoryPage['items'][number]
export type Renumbering = Schemas['Renumbering']
export type Owners = Schemas['Owners']
export type NewOwners = Schemas['NewOwners']
export type FaultKind =
  | 'invalid_ring'
  | 'overlap'
  | 'gap'
  | 'sliver'
  | 'unmatched_vertex'
  | 'outside_outline'
  | 'uncovered_outline'
  | 'duplicate_code'
  | 'empty_code'
  | 'too_small'

export type Point = [lon: number, lat: number]
export type Line = readonly Point[]

export interface CellProperties {
  code: string
  name: string
  station: string | null
}
export type Cells = GeoJSON.FeatureCollection<GeoJSON.MultiPolygon | GeoJSON.Polygon, CellProperties>

/** Signed arcs, as TopoJSON has them: `n` forwards, `~n` (-n - 1) backwards. */
export type ArcRef = number
export interface Face {
  /** One cell owns its ground; none is a gap, several are an overlap. */
  cells: string[]
  rings: ArcRef[][]
}
export interface CellFacts {
  name: string
  station: string | null
  area_m2: number
  team?: string | null
  class?: string | null
  households?: number | null
  calls?: number | null
}
export interface Topology {
  revision: number
  /** Arcs with no ground of the draft on one side. */
  outline: readonly number[]
  arcs: Readonly<Record<string, Line>>
  /** The arcs that leave each node. */
  nodes: Readonly<Record<string, ArcRef[]>>
  faces: Readonly<Record<string, Face>>
  cells: Readonly<Record<string, CellFacts>>
}
export interface Edit {
  id: number
  verb: string
  text: string
  area_change_m2: Record<string, number>
  undone: boolean
}
/** What an edit has changed; null in a place is gone. `reload`: the arcs are to be loaded again. */
export interface EditResult {
  revision: number
  edit: Edit
  reload: boolean
  outline: readonly number[]
  arcs: Record<string, Line | null>
  nodes: Record<string, ArcRef[] | null>
  faces: Record<string, Face | null>
  cells: Record<string, CellFacts | null>
}
/** A verb of the draft with its arguments, as the server's edits take them. */
export type EditRequest = Schemas['Edit']
