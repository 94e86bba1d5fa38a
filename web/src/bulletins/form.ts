/** What the writer of a bulletin has filled in, what is missing of it, and the bulletin; pure. */
import { momentOf } from '@/base/format'
import type { NewBulletin, Terms } from './types'

export type Reach = 'units' | 'cells' | 'whole'

export interface Form {
  unit: string
  kind: string
  role: string
  basis: { type: string; number: string; authority: string; date: string }
  reach: Reach
  units: string[]
  cells: string[]
  reason: string
  lastsH: number
  fact: string
  opinion: string
  lastSeenPlace: string
  /** By the bureau's clocks, as the field has it; empty where nobody knows. */
  lastSeenAt: string
  toDo: string
  notToDo: string
  photos: string[]
  urgent: boolean
}

export const MISSING = 'missing_person'
const USUAL_H = { [MISSING]: 24 } as Record<string, number>
const ELSE_H = 168

export interface Unit {
  code: string
  name: string
}

/** A form that begins with what is usual: the child that is missing here, today, for a day. */
export function blank(unit: Unit, today: string, terms: Terms, words: Record<string, { to_do: string; not_to_do: string }>): Form {
  const form: Form = {
    unit: unit.code,
    kind: MISSING,
    role: '',
    basis: { type: '', number: '', authority: unit.name, date: today },
    reach: 'units',
    units: [unit.code],
    cells: [],
    reason: '',
    lastsH: 0,
    fact: '',
    opinion: '',
    lastSeenPlace: '',
    lastSeenAt: '',
    toDo: '',
    notToDo: '',
    photos: [],
    urgent: false,
  }
  return ofKind(form, MISSING, terms, words)
}

/** The form for another kind: whom it is about, what it stands on, how long, and the usual words. */
export function ofKind(form: Form, kind: string, terms: Terms, words: Record<string, { to_do: string; not_to_do: string }>): Form {
  const term = terms.kinds.find((each) => each.kind === kind)!
  return {
    ...form,
    kind,
    role: term.roles[0]!,
    basis: { ...form.basis, type: term.bases[0]! },
    lastsH: USUAL_H[kind] ?? ELSE_H,
    toDo: words[kind]?.to_do ?? '',
    notToDo: words[kind]?.not_to_do ?? '',
    urgent: term.urgent,
  }
}

/** The fields that are missing, as the server would name them. */
export function missing(form: Form, terms: Terms): string[] {
  const longest = terms.kinds.find((each) => each.kind === form.kind)?.longest_h ?? 0
  const wrong: Record<string, boolean> = {
    'basis.number': !form.basis.number.trim(),
    'basis.authority': !form.basis.authority.trim(),
    'basis.date': !form.basis.date,
    area: form.reach === 'units' ? !form.units.length : form.reach === 'cells' ? !form.cells.length : !form.reason.trim(),
    lasts_h: !(Number.isInteger(form.lastsH) && form.lastsH >= 1 && form.lastsH <= longest),
    'contents.fact': !form.fact.trim(),
    'contents.to_do': !form.toDo.trim(),
    'contents.not_to_do': !form.notToDo.trim(),
  }
  return Object.keys(wrong).filter((name) => wrong[name])
}

/** The first word of arrest in the form of somebody who isn't wanted; null without one. */
export function wordOfArrest(form: Form, terms: Terms): string | null {
  if (terms.arrestable.includes(form.role)) return null
  const said = [form.fact, form.opinion, form.toDo, form.lastSeenPlace].join('\n').toLowerCase()
  return terms.words_of_arrest.find((word) => said.includes(word)) ?? null
}

export function bulletinOf(form: Form, timeZone?: string): NewBulletin {
  const { unit, kind, role, basis, reach, lastsH, urgent } = form
  const text = (value: string) => value.trim() || null
  return {
    unit,
    kind: kind as NewBulletin['kind'],
    role: role as NonNullable<NewBulletin['role']>,
    basis: { ...basis, type: basis.type as NewBulletin['basis']['type'], number: basis.number.trim() },
    area: {
      units: reach === 'units' ? form.units : [],
      cells: reach === 'cells' ? form.cells : [],
      whole: reach === 'whole',
      reason: reach === 'whole' ? form.reason.trim() : null,
    },
    lasts_h: lastsH,
    urgent,
    contents: {
      fact: form.fact.trim(),
      opinion: text(form.opinion),
      last_seen_place: text(form.lastSeenPlace),
      last_seen_at: form.lastSeenAt ? momentOf(form.lastSeenAt, timeZone) : null,
      to_do: form.toDo.trim(),
      not_to_do: form.notToDo.trim(),
      photos: form.photos,
    },
  }
}
