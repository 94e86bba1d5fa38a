/** The shapes of the grid workshop, by their names on the wire. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Version = Schemas['Version']
export type FaultReport = Schemas['FaultReport']
export type Fault = Schemas['Fault']
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
