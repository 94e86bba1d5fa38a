/** What the pages of figures ask of the server. */
import { api, ask } from '@/api/client'
import type {
  CallPage,
  Carried,
  Chosen,
  DayFigure,
  DayFigures,
  GroupBy,
  Interval,
  IntervalFigures,
  SpanKind,
  UnownedCells,
} from './types'

const PAGE = 50
type Paged = { limit: number; cursor: string | undefined }
const page = (cursor: string | undefined): Paged => ({ limit: PAGE, cursor })
const orAll = (station: string) => station || undefined

export function day(span: SpanKind, station: string): Promise<DayFigures> {
  return ask(api.GET('/api/v1/figures/day', { params: { query: { span, station: orAll(station) } } }))
}

export function dayCalls(what: DayFigure, span: SpanKind, station: string, cursor?: string): Promise<CallPage> {
  const query = { ...what, span, station: orAll(station), ...page(cursor) } as const
  return ask(api.GET('/api/v1/figures/day/calls', { params: { query: query as never } }))
}

export function intervals(chosen: Chosen, by: GroupBy): Promise<IntervalFigures> {
  return ask(api.GET('/api/v1/figures/intervals', { params: { query: { ...chosen, by } } }))
}

export function intervalCalls(chosen: Chosen, interval: Interval, over: boolean, cursor?: string): Promise<CallPage> {
  const query = { ...chosen, interval, over, ...page(cursor) }
  return ask(api.GET('/api/v1/figures/intervals/calls', { params: { query } }))
}

export interface Period {
  from: string
  to: string
}

export async function officers(
  period: Period,
  station: string,
  order: 'number' | 'signed' | 'hours' | 'open',
): Promise<{ items: Carried[]; ranked: boolean }> {
  const query = { ...period, station: orAll(station), order }
  return ask(api.GET('/api/v1/figures/officers', { params: { query } }))
}

export function officerCalls(number: string, figure: 'signed' | 'open', period: Period, cursor?: string): Promise<CallPage> {
  const params = { path: { number }, query: { ...period, figure, ...page(cursor) } }
  return ask(api.GET('/api/v1/figures/officers/{number}/calls', { params }))
}

export function cells(station: string): Promise<UnownedCells> {
  return ask(api.GET('/api/v1/figures/cells', { params: { query: { station: orAll(station) } } }))
}

/** The address of a csv file, which the browser's cookie opens. */
export function sheet(name: 'intervals' | 'officers', asked: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(asked).filter(([, value]) => value !== undefined && value !== '')
  return `/api/v1/figures/${name}.csv?${new URLSearchParams(said.map(([key, value]) => [key, String(value)]))}`
}
