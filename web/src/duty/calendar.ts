/** What a date is by the calendar of working days. */
import { weekday } from './days'
import type { CalendarDay, Year } from './types'

/** The day as the calendar says it; nothing where its weekday speaks. */
export function specialDay(
  years: Readonly<Record<number, Year>>,
  date: string,
): CalendarDay | undefined {
  return years[Number(date.slice(0, 4))]?.days.find((day) => day.date === date)
}

/** Whether it is a day of rest: by the calendar, else a Saturday or a Sunday. */
export function restDay(date: string, special?: Pick<CalendarDay, 'kind'>): boolean {
  return special ? special.kind !== 'working' : weekday(date) > 4
}
