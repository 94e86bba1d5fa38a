/** Fault lists: what blocks comes first, the largest before the smaller. */
import { area } from './names'
import type { Fault } from './types'

export function inOrder(faults: readonly Fault[]): Fault[] {
  return [...faults].sort(
    (one, other) =>
      Number(other.blocking) - Number(one.blocking) ||
      one.kind.localeCompare(other.kind) ||
      (other.area_m2 ?? 0) - (one.area_m2 ?? 0),
  )
}

/** The kinds in the order of the list, with how many there are of each. */
export function kindsOf(faults: readonly Fault[]): { kind: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const { kind } of faults) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => ({ kind, count }))
}

/** The size of a fault: its area, else its length, else nothing. */
export function measure(fault: Fault, locale: string): string {
  if (fault.area_m2 !== null) return area(fault.area_m2, locale)
  if (fault.length_m === null) return ''
  return `${fault.length_m.toLocaleString(locale, { maximumSignificantDigits: 3 })} m`
}
