/** Times of duty as an officer reads them. Pure. */
import { dayOf, hourOf } from '@/base/format'

interface Span {
  start: string
  end: string
}

/** The language and the clocks that times are told in. */
export interface Telling {
  locale: string
  timeZone: string | undefined
  /** An hour of the day after. */
  nextDay: (at: string) => string
}

const DAY_MS = 86_400_000

/** A day with its weekday: `11月23日周一`, `Mon, Nov 23`. */
export function dayText(at: string, { locale, timeZone }: Telling): string {
  return new Date(at).toLocaleDateString(locale, { month: 'short', day: 'numeric', weekday: 'short', timeZone })
}

/** The hours of a span: `08:30–17:30`, `18:00–24:00`, and a night as `20:00–次日 06:00`. */
export function hoursText(span: Span, telling: Telling): string {
  return `${hour(span.start, telling)}–${endText(span, telling)}`
}

function endText({ start, end }: Span, telling: Telling): string {
  const day = (at: string | number) => dayOf(at, telling.timeZone)
  const at = hour(end, telling)
  if (day(start) === day(end)) return at
  // The midnight that ends the day is told as the day's own.
  if (day(start) === day(Date.parse(end) - 1)) return '24:00'
  return day(Date.parse(start) + DAY_MS) === day(end) ? telling.nextDay(at) : `${dayText(end, telling)} ${at}`
}

/** A moment: the hour, with its day where that isn't today. */
export function momentText(at: string, today: number, telling: Telling): string {
  const isToday = dayOf(at, telling.timeZone) === dayOf(today, telling.timeZone)
  return isToday ? hour(at, telling) : `${dayText(at, telling)} ${hour(at, telling)}`
}

/** A span with the days of both its ends, as of an absence. */
export function spanText({ start, end }: Span, telling: Telling): string {
  const oneDay = dayOf(start, telling.timeZone) === dayOf(end, telling.timeZone)
  if (oneDay) return `${dayText(start, telling)} ${hoursText({ start, end }, telling)}`
  return [start, end].map((at) => `${dayText(at, telling)} ${hour(at, telling)}`).join(' – ')
}

function hour(at: string, { locale, timeZone }: Telling): string {
  return hourOf(at, locale, timeZone)
}
