/** Who is there, as numbers. Pure. */
import type { FieldUnit } from '@/map/units'
import type { Duty } from './types'

export interface Strength {
  code: string
  name: string
  officers: number
}

/** How many different officers each unit has on duty, and all of them together. */
export function strengthOf(duty: Duty): { all: number; units: Strength[] } {
  const units = duty.units.map(({ unit, duties }) => {
    const serving = duties.flatMap((each) => each.serving).filter(({ absent }) => !absent)
    return { ...unit, names: new Set(serving.map(({ shift }) => shift.officer.username)) }
  })
  return {
    all: new Set(units.flatMap(({ names }) => [...names])).size,
    units: units.map(({ code, name, names }) => ({ code, name, officers: names.size })),
  }
}

/** Field units with somebody aboard, and how many of them have work. */
export function mannedOf(units: readonly FieldUnit[], busy: ReadonlySet<string>): { manned: number; busy: number } {
  const manned = units.filter(({ in_service, crew }) => in_service && crew.length > 0)
  return { manned: manned.length, busy: manned.filter(({ crew }) => crew.some(({ username }) => busy.has(username))).length }
}
