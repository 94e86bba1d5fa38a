/** A mapping as a form has it: every value a text, tables as lines. */
import type { Rules } from './types'

/** Our fields, in the order of the form; the first four are needed. */
export const FIELDS = [
  'external_id',
  'category',
  'lon',
  'lat',
  'reported_at',
  'occurred_at',
  'priority',
  'accuracy_m',
  'address',
  'description',
] as const
export type Field = (typeof FIELDS)[number]
export const NEEDED: ReadonlySet<Field> = new Set(['external_id', 'category', 'lon', 'lat'])
const NUMBERS: ReadonlySet<string> = new Set(['lon', 'lat', 'priority', 'accuracy_m'])

export interface Draft {
  fields: Record<Field, string>
  constants: Record<Field, string>
  categories: string
  priorities: string
  time_format: string
  timezone: string
  crs: string
}

/** The form of a mapping; of none, an empty one. */
export function toDraft(rules: Rules | null, timezone: string): Draft {
  const texts = (table: Record<string, unknown> = {}) =>
    Object.fromEntries(FIELDS.map((name) => [name, textOf(table[name])])) as Record<Field, string>
  return {
    fields: texts(rules?.fields),
    constants: texts(rules?.constants),
    categories: toLines(rules?.categories),
    priorities: toLines(rules?.priorities),
    time_format: rules?.time_format ?? 'iso',
    timezone: rules?.timezone ?? timezone,
    crs: rules?.crs ?? 'EPSG:4326',
  }
}

/** The mapping that the form says. What can't be right the server refuses, naming the part. */
export function toRules(draft: Draft): Rules {
  const { time_format, timezone, crs } = draft
  const constants = Object.entries(said(draft.constants)).map(([name, text]) => [
    name,
    NUMBERS.has(name) && Number.isFinite(Number(text)) ? Number(text) : text,
  ])
  const priorities = Object.entries(fromLines(draft.priorities)).map(([word, text]) => [word, Number(text)])
  return {
    fields: said(draft.fields),
    constants: Object.fromEntries(constants),
    categories: fromLines(draft.categories),
    priorities: Object.fromEntries(priorities),
    time_format: time_format.trim(),
    timezone: timezone.trim(),
    crs: crs.trim(),
  }
}

/** A table as lines `code = value`. */
export function toLines(table: Record<string, unknown> = {}): string {
  return Object.entries(table)
    .map(([code, value]) => `${code} = ${textOf(value)}`)
    .join('\n')
}

/** The table that lines say; a line without `=` maps its code to nothing, which the server refuses. */
export function fromLines(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf('=')
      return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    }),
  )
}

function said(texts: Record<Field, string>): Record<string, string> {
  const trimmed = Object.entries(texts).map(([name, text]) => [name, text.trim()] as const)
  return Object.fromEntries(trimmed.filter(([, text]) => text !== ''))
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}
