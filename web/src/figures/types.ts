/** The shapes of the figures, by their names on the wire. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type DayFigures = Schemas['DayFigures']
export type Flow = Schemas['Flow']
export type IntervalFigures = Schemas['IntervalFigures']
export type Group = Schemas['Group']
export type Measured = Schemas['Measured']
export type Call = Schemas['Call']
export type CallPage = Schemas['CallPage']
export type Carried = Schemas['Carried']
export type UnownedCells = Schemas['UnownedCells']

export const INTERVALS = [
  'dispatch',
  'delivery',
  'signing',
  'departure',
  'travel',
  'scene',
  'review',
  'to_sign',
  'response',
  'whole',
] as const
export type Interval = (typeof INTERVALS)[number]
/** One after the other they make the whole way of a task. */
export const STAGES = INTERVALS.slice(0, 7)
export const TOTALS = INTERVALS.slice(7)

export const GROUPS = ['station', 'cell', 'category', 'hour', 'weekday', 'priority'] as const
export type GroupBy = (typeof GROUPS)[number]

export type SpanKind = 'day' | 'shift'

/** What of the day a figure counts. */
export interface DayFigure {
  figure:
    | 'received'
    | 'open'
    | 'assigned'
    | 'signed'
    | 'en_route'
    | 'on_scene'
    | 'reported'
    | 'overdue'
    | 'unowned'
    | 'closed'
    | 'handed_over'
    | 'cancelled'
  broad_class?: string
  priority?: number
}

/** The calls that an interval is measured of. */
export interface Chosen {
  from: string
  to: string
  station?: string
  cell?: string
  category?: string
  priority?: number
  hour?: number
  weekday?: number
}

/** What a figure opens: the calls behind it, and where the list of incidents has the same. */
export interface Behind {
  key: string
  title: string
  ask: (cursor: string | undefined) => Promise<CallPage>
  link: Record<string, string> | null
}
