/** The tree of units as one account may see it. */
import type { Unit } from '@/api/types'

/** The units at or below any of `roots`, in their order. */
export function unitsBelow(units: readonly Unit[], roots: ReadonlySet<string>): Unit[] {
  const parents = new Map(units.map((unit) => [unit.code, unit.parent]))
  return units.filter((unit) => {
    for (let code: string | null = unit.code; code !== null; code = parents.get(code) ?? null) {
      if (roots.has(code)) return true
    }
    return false
  })
}

/** The station that a unit is or belongs to; null for what stands beside the stations. */
export function stationOf(units: ReadonlyMap<string, Unit>, code: string): Unit | null {
  for (let unit = units.get(code); unit; unit = unit.parent === null ? undefined : units.get(unit.parent)) {
    if (unit.kind === 'station') return unit
  }
  return null
}

/** What has a roster sheet of its own: the bureau, what stands directly below it, and `roots`. */
export function sheetUnits(units: readonly Unit[], roots: ReadonlySet<string>): Unit[] {
  const bureaus = new Set(units.filter((unit) => unit.kind === 'bureau').map((unit) => unit.code))
  return units.filter(
    (unit) => bureaus.has(unit.code) || bureaus.has(unit.parent ?? '') || roots.has(unit.code),
  )
}
