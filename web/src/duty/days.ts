/** The roster's sheet: days of the bureau side by side, and where a time lies on them. */
import { dayOf, instantOf, wallTime } from '@/base/format'

/** A day from midnight to midnight by the bureau's clocks: 23 or 25 hours where they change. */
export interface Day {
  date: string
  start: number
  end: number
}
interface Span {
  start: string
  end: string
}
/** Where a time lies on the sheet, in shares of its width. */
export interface Bar {
  left: number
  width: number
}

const DAY_MS = 86_400_000

/** The date `count` days after `date`. */
export function addDays(date: string, count: number): string {
  return new Date(Date.parse(`${date}T00:00Z`) + count * DAY_MS).toISOString().slice(0, 10)
}

/** 0 is Monday. */
export function weekday(date: string): number {
  return (new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7
}

/** The dates of the week that holds `date`, from Monday. */
export function weekOf(date: string): string[] {
  const monday = addDays(date, -weekday(date))
  return Array.from({ length: 7 }, (_, index) => addDays(monday, index))
}

/** The dates of a month, given as `2026-12` or by one of its dates. */
export function monthOf(date: string): string[] {
  const [year, month] = date.split('-').map(Number) as [number, number]
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate()
  const first = `${date.slice(0, 7)}-01`
  return Array.from({ length }, (_, index) => addDays(first, index))
}

/** The first of the month `count` months after that of `date`. */
export function addMonths(date: string, count: number): string {
  const [year, month] = date.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, month - 1 + count, 1)).toISOString().slice(0, 10)
}

/** Dates as days with their moments. */
export function daysOf(dates: readonly string[], timeZone?: string): Day[] {
  const midnight = (date: string) => instantOf(`${date}T00:00`, timeZone).getTime()
  return dates.map((date) => ({ date, start: midnight(date), end: midnight(addDays(date, 1)) }))
}

/** Where a time lies on the days; null where it doesn't touch them. A night is one bar. */
export function barOf(span: Span, days: readonly Day[]): Bar | null {
  const left = shareOf(Date.parse(span.start), days)
  const right = shareOf(Date.parse(span.end), days)
  return right > left ? { left, width: right - left } : null
}

function shareOf(at: number, days: readonly Day[]): number {
  const index = days.findIndex((day) => at < day.end)
  if (index < 0) return 1
  const { start, end } = days[index]!
  return (index + Math.max(0, at - start) / (end - start)) / days.length
}

/** The lane of each span, such that no two of a lane overlap; `spans` are in order of start. */
export function lanesOf(spans: readonly Span[]): number[] {
  const ends: number[] = []
  return spans.map(({ start, end }) => {
    const free = ends.findIndex((taken) => taken <= Date.parse(start))
    const lane = free < 0 ? ends.length : free
    ends[lane] = Date.parse(end)
    return lane
  })
}

/** A time in one line: the second date only where it is another day. */
export function spanText({ start, end }: Span, timeZone?: string): string {
  const [from, to] = [wallTime(start, timeZone), wallTime(end, timeZone)]
  const said = (wall: string) => wall.slice(5).replace('T', ' ')
  const sameDay = dayOf(start, timeZone) === dayOf(end, timeZone)
  return `${said(from)} – ${sameDay ? to.slice(11) : said(to)}`
}

/** The whole minutes of a time. */
export function minutesOf({ start, end }: Span): number {
  return Math.round((Date.parse(end) - Date.parse(start)) / 60_000)
}
