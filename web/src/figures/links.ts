/** Where the list of incidents has the same calls as a figure. Pure. */
import { ENDED, STATES } from '@/live/cards'
import type { Chosen, DayFigure } from './types'

const OPEN = STATES.filter((each) => !ENDED.has(each))

/**
 * The link's query for a figure of the day; null where the list knows no such filter: what ended in
 * the span, what nobody owns.
 *
 * @param codes the categories of each broad class
 */
export function dayQuery(
  { figure, broad_class, priority }: DayFigure,
  span: { start: string; until: string },
  station: string,
  codes: (broadClass: string) => readonly string[],
): Record<string, string> | null {
  const query: Record<string, string> = {}
  if (figure === 'received') Object.assign(query, { from: span.start, to: span.until })
  else if (figure === 'open') query['state'] = OPEN.join(',')
  else if (figure === 'overdue') Object.assign(query, { state: 'assigned', overdue: '1' })
  else if ((OPEN as readonly string[]).includes(figure)) query['state'] = figure
  else return null
  if (broad_class) query['category'] = codes(broad_class).join(',')
  if (priority) query['priority'] = String(priority)
  if (station) query['station'] = station
  return query
}

/** The link's query for all calls of a group; null for one by the hour or the weekday, or of no cell. */
export function chosenQuery(chosen: Chosen): Record<string, string> | null {
  if (chosen.hour !== undefined || chosen.weekday !== undefined || chosen.cell === '-') return null
  const said = Object.entries(chosen).filter(([, value]) => value !== undefined && value !== '')
  return Object.fromEntries(said.map(([name, value]) => [name, String(value)]))
}
