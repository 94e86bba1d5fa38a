/**
 * What of the incidents a page looks at, by the names that its link has: the live board's, and the
 * same on the list of all incidents.
 */
import type { TaskCard, TaskState } from '@/api/types'
import { STATES } from '@/live/cards'
import { deadlineMs } from '@/live/tasks'

export interface Filter {
  readonly state: readonly TaskState[]
  readonly station: string
  readonly cell: string
  readonly category: string
  readonly priority: string
  /** A service number. */
  readonly officer: string
  readonly source: string
  /** Reported from then on, and before then: RFC 3339. */
  readonly from: string
  readonly to: string
  /** Not signed in time. */
  readonly overdue: boolean
  /** Words, all of which must be in the number or the address. */
  readonly q: string
}

export const NO_FILTER: Filter = {
  state: [],
  station: '',
  cell: '',
  category: '',
  priority: '',
  officer: '',
  source: '',
  from: '',
  to: '',
  overdue: false,
  q: '',
}

type Name = keyof Filter
export const NAMES = Object.keys(NO_FILTER) as readonly Name[]
const TEXTS = ['station', 'cell', 'category', 'priority', 'officer', 'source', 'from', 'to', 'q'] as const

/** A page's query, as the router gives it. */
export type Query = Readonly<Record<string, unknown>>

/** The filter that a link names; what it doesn't know, or can't be, is passed over. */
export function filterOf(query: Query): Filter {
  const texts = Object.fromEntries(TEXTS.map((name) => [name, textOf(query[name])]))
  const known = new Set<string>(STATES)
  const state = textOf(query['state'])
    .split(',')
    .filter((each): each is TaskState => known.has(each))
  return { ...NO_FILTER, ...texts, state, overdue: textOf(query['overdue']) === '1' }
}

/** The query of a filter's link: only what it asks for. */
export function queryOf(filter: Filter): Record<string, string> {
  const query: Record<string, string> = {}
  if (filter.state.length) query['state'] = filter.state.join(',')
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
  const reported = Date.parse(incident.reported_at)
  return (
    (filter.state.length === 0 || filter.state.includes(card.state)) &&
    is(filter.station, incident.station?.code) &&
    is(filter.cell, incident.cell?.code) &&
    is(filter.category, incident.category.code) &&
    is(filter.priority, String(incident.priority)) &&
    is(filter.officer, card.assignee?.username) &&
    is(filter.source, incident.source) &&
    (!filter.from || reported >= Date.parse(filter.from)) &&
    (!filter.to || reported < Date.parse(filter.to)) &&
    (!filter.overdue || (card.state === 'assigned' && deadlineMs(card) < now)) &&
    says(filter.q, card)
  )
}

function is(asked: string, found: string | undefined): boolean {
  return asked === '' || asked === found
}

function says(words: string, { incident }: TaskCard): boolean {
  if (!words) return true
  const text = `${String(incident.number).padStart(4, '0')} ${incident.address ?? ''}`.toLowerCase()
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}
