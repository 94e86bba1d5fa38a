/** The rows of a roster: the officers of each unit, with what is theirs in the time shown. */
import type { Officer, Unit } from '@/api/types'
import { lanesOf } from './days'
import type { Absence, Shift } from './types'

export interface LaidShift {
  shift: Shift
  lane: number
}
export interface Row {
  number: string
  name: string
  shifts: LaidShift[]
  lanes: number
  absences: Absence[]
}
export interface Group {
  unit: Pick<Unit, 'code' | 'name' | 'name_en'>
  rows: Row[]
}

/** Each officer stands with their own unit; who only helps out, with the unit that they serve. */
export function groupsOf(
  units: readonly Unit[],
  officers: readonly Officer[],
  shifts: readonly Shift[],
  absences: readonly Absence[],
): Group[] {
  const homes = new Map(officers.map((each) => [each.service_number, each.unit.code]))
  const names = new Map(officers.map((each) => [each.service_number, each.display_name]))
  for (const { officer, unit } of shifts) {
    if (!homes.has(officer.service_number)) homes.set(officer.service_number, unit.code)
    names.set(officer.service_number, officer.display_name)
  }
  const [shiftsOf, absencesOf] = [byOfficer(shifts), byOfficer(absences)]
  const row = (number: string): Row =>
    rowOf(number, names.get(number)!, shiftsOf.get(number) ?? [], absencesOf.get(number) ?? [])
  return units
    .map((unit) => ({
      unit,
      rows: [...homes].filter(([, home]) => home === unit.code).map(([number]) => row(number)),
    }))
    .filter((group) => group.rows.length > 0)
}

function rowOf(number: string, name: string, shifts: Shift[], absences: Absence[]): Row {
  const lanes = lanesOf(shifts)
  return {
    number,
    name,
    shifts: shifts.map((shift, index) => ({ shift, lane: lanes[index]! })),
    lanes: Math.max(1, ...lanes.map((lane) => lane + 1)),
    absences,
  }
}

function byOfficer<Item extends { officer: { service_number: string } }>(
  items: readonly Item[],
): Map<string, Item[]> {
  const found = new Map<string, Item[]>()
  for (const item of items) {
    const number = item.officer.service_number
    found.set(number, [...(found.get(number) ?? []), item])
  }
  return found
}
