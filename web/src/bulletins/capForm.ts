/** A CAP message as a room takes it: the document, the instrument here, and what it doesn't say; pure. */
import type { CapImport, Terms } from './types'
import type { Unit } from './form'

export interface CapForm {
  unit: string
  document: string
  /** Empty where the message says it. */
  kind: string
  basis: { type: string; number: string; authority: string; date: string }
  lastsH: number | ''
  fact: string
  toDo: string
  notToDo: string
}

/** Who needs to know here: other bureaus' cells and units mean nothing in this one. */
export interface Area {
  units: readonly string[]
  cells: readonly string[]
  /** The reason for the whole bureau; null where units or cells are named. */
  whole: string | null
}

/** Bytes of a document that is surely too long: the server counts characters, of four at most. */
export const MOST_BYTES = 400_000

export function blankCap(unit: Unit, today: string, terms: Terms): CapForm {
  const basis = { type: basesOf('', terms)[0] ?? '', number: '', authority: unit.name, date: today }
  return { unit: unit.code, document: '', kind: '', basis, lastsH: '', fact: '', toDo: '', notToDo: '' }
}

/** What a bulletin of a kind may stand on; of no kind yet, what any may. */
export function basesOf(kind: string, terms: Terms): string[] {
  const kinds = terms.kinds.filter((each) => kind === '' || each.kind === kind)
  return [...new Set(kinds.flatMap(({ bases }) => bases))]
}

export function longestOf(kind: string, terms: Terms): number {
  return Math.max(0, ...terms.kinds.filter((each) => kind === '' || each.kind === kind).map(({ longest_h }) => longest_h))
}

/** The form for another kind: an instrument that it may not stand on gives way. */
export function ofCapKind(form: CapForm, kind: string, terms: Terms): CapForm {
  const bases = basesOf(kind, terms)
  const type = bases.includes(form.basis.type) ? form.basis.type : (bases[0] ?? '')
  return { ...form, kind, basis: { ...form.basis, type } }
}

/** Whether it may be sent: with an instrument, or with none, as for a `Cancel`. */
export function isSendable({ document, basis }: CapForm): boolean {
  const isGiven = basis.number.trim() !== ''
  return document.trim() !== '' && (!isGiven || (basis.authority.trim() !== '' && basis.date !== ''))
}

/** What goes out: of what the message says itself, nothing. */
export function importOf(form: CapForm, area: Area): CapImport {
  const { unit, document, kind, basis, lastsH } = form
  const contents = Object.fromEntries(
    Object.entries({ fact: form.fact, to_do: form.toDo, not_to_do: form.notToDo })
      .map(([name, said]) => [name, said.trim()])
      .filter(([, said]) => said !== ''),
  )
  const number = basis.number.trim()
  return {
    unit,
    document,
    ...(kind ? { kind: kind as NonNullable<CapImport['kind']> } : {}),
    ...(number ? { basis: { ...basis, type: basis.type as NonNullable<CapImport['basis']>['type'], number } } : {}),
    ...areaOf(area),
    ...(lastsH === '' ? {} : { lasts_h: lastsH }),
    ...(Object.keys(contents).length ? { contents } : {}),
  }
}

function areaOf({ units, cells, whole }: Area): Pick<CapImport, 'area'> {
  if (whole !== null) return { area: { units: [], cells: [], whole: true, reason: whole.trim() } }
  if (units.length + cells.length === 0) return {}
  return { area: { units: [...units], cells: [...cells], whole: false } }
}
