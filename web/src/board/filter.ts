/**
 * What of the incidents a page looks at, by the names that its link has: the live board's, and the
 * same on the list of all incidents.
 */
import { PRIORITIES, type TaskCard, type TaskState } from '@/api/types'
import { spokenNumber } from '@/common/names'
import { STATES } from '@/live/cards'
import { isOverdue } from '@/live/tasks'

export interface Filter {
  readonly state: readonly TaskState[]
  readonly station: string
  readonly cell: string
  readonly category: readonly string[]
  /** Each `1` to `4`. */
  readonly priority: readonly string[]
  /** A service number. */
  readonly officer: string
  readonly source: string
  /** Reported from then on, and before then: RFC 3339. */
  readonly from: string
  readonly to: string
  /** Not signed in time. */
  readonly overdue: boolean
  /** Words, all of which must be in the number, the address or what was said. */
  readonly q: string
}

export const NO_FILTER: Filter = {
  state: [],
  station: '',
  cell: '',
  category: [],
  priority: [],
  officer: '',
  source: '',
  from: '',
  to: '',
  overdue: false,
  q: '',
}

type Name = keyof Filter
export const NAMES = Object.keys(NO_FILTER) as readonly Name[]
const LISTS = ['state', 'category', 'priority'] as const
const TEXTS = ['station', 'cell', 'officer', 'source', 'from', 'to', 'q'] as const
/** What a list may hold, where that is known beforehand. */
const KNOWN: Partial<Record<Name, ReadonlySet<string>>> = {
  state: new Set(STATES),
  priority: new Set(PRIORITIES.map(String)),
}

/** A page's query, as the router gives it. */
export type Query = Readonly<Record<string, unknown>>

/** The filter that a link names; what it doesn't know, or can't be, is passed over. */
export function filterOf(query: Query): Filter {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, textOf(query[name])]))
  const lists = Object.fromEntries(LISTS.map((name) => [name, listOf(name, textOf(query[name]))]))
  return { ...NO_FILTER, ...texts, ...lists, overdue: textOf(query['overdue']) === '1' }
}

/** The query of a filter's link: only what it asks for. */
export function queryOf(filter: Filter): Record<string, string> {
  const query: Record<string, string> = {}
  for (const name of LISTS) if (filter[name].length) query[name] = filter[name].join(',')
  for (const name of TEXTS) if (filter[name]) query[name] = filter[name]
  if (filter.overdue) query['overdue'] = '1'
  return query
}

/** The names that a filter asks by; none where everything passes. */
export function askedBy(filter: Filter): Name[] {
  const query = queryOf(filter)
  return NAMES.filter((name) => name in query)
}

/** A filter without one of its names, as the cross of its chip leaves it. */
export function without(filter: Filter, name: Name): Filter {
  return { ...filter, [name]: NO_FILTER[name] }
}

/** Whether a task passes, at a moment by the server's clock. */
export function passes(filter: Filter, card: TaskCard, now: number): boolean {
  const { incident } = card
  return (
    among(filter.state, card.state) &&
    among(filter.category, incident.category.code) &&
    among(filter.priority, String(incident.priority)) &&
    is(filter.station, incident.station?.code) &&
    is(filter.cell, incident.cell?.code) &&
    is(filter.officer, card.assignee?.username) &&
    is(filter.source, incident.source) &&
    (!filter.from || Date.parse(incident.reported_at) >= Date.parse(filter.from)) &&
    (!filter.to || Date.parse(incident.reported_at) < Date.parse(filter.to)) &&
    (!filter.overdue || isOverdue(card, now)) &&
    says(filter.q, card)
  )
}

function among(asked: readonly string[], found: string): boolean {
  return asked.length === 0 || asked.includes(found)
}

function is(asked: string, found: string | undefined): boolean {
  return asked === '' || asked === found
}

function says(words: string, { incident }: TaskCard): boolean {
  if (!words) return true
  const { address, description } = incident
  const text = [spokenNumber(incident), address, description].join(' ').toLowerCase()
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}

function listOf(name: Name, text: string): string[] {
  const each = text.split(',').filter(Boolean)
  return KNOWN[name] ? each.filter((value) => KNOWN[name]!.has(value)) : each
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}
