/** The shapes of the rosters, by their names on the wire. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Shift = Schemas['Shift']
export type ShiftDraft = Schemas['ShiftDraft']
export type Absence = Schemas['Absence']
export type AbsenceDraft = Schemas['AbsenceDraft']
export type Swap = Schemas['Swap']
export type SwapVerb = Schemas['SwapCommand']['verb']
export type Pattern = Schemas['Pattern']
export type PatternDraft = Schemas['PatternDraft']
export type Hours = Schemas['Hours']
export type Month = Schemas['Month']
export type Void = Schemas['Void']
export type Voids = Schemas['Voids']
export type Post = Schemas['Post']
export type Year = Schemas['Year']
export type CalendarDay = Schemas['Day']
export type NewDay = Schemas['NewDay']
export type Duty = Shift['duty']

export const DUTIES: readonly Duty[] = [
  'pool',
  'community',
  'case',
  'traffic',
  'leader',
  'room',
  'post',
  'specialist',
  'headquarters',
]
export const REASONS: readonly AbsenceDraft['reason'][] = ['leave', 'training', 'sick', 'court', 'other']
export const DAY_KINDS: readonly CalendarDay['kind'][] = ['working', 'rest', 'holiday']
export const PATTERN_DAYS: readonly NonNullable<PatternDraft['on_days']>[] = ['every', 'working', 'resting']
