/** The days that figures are measured over, as the bureau's calendar has them. Pure. */
import { dayOf, momentOf } from '@/base/format'
import { addDays } from '@/duty/days'

const DAY_MS = 86_400_000

/** The last `count` whole days and today so far, as days of the bureau's calendar. */
export function lastDays(count: number, now: number, timeZone?: string): { first: string; last: string } {
  return { first: dayOf(now - count * DAY_MS, timeZone), last: dayOf(now, timeZone) }
}

/** From the beginning of the first day to the end of the last. */
export function periodOf({ first, last }: { first: string; last: string }, timeZone?: string): { from: string; to: string } {
  return { from: momentOf(`${first}T00:00`, timeZone), to: momentOf(`${addDays(last, 1)}T00:00`, timeZone) }
}
