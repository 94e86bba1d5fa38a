/** What the writer of a bulletin has filled in, what is missing of it, and the bulletin; pure. */
import { momentOf, wallTime } from '@/base/format'
import type { Contents, Detail, Draft, NewBulletin, Terms } from './types'

/** Units and cells by name, or everybody. */
export const REACHES = ['named', 'whole'] as const
export type Reach = (typeof REACHES)[number]

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
  kind: string
}

/** What is usually to be done and not to be done, by kind. */
export type Words = Readonly<Record<string, { to_do: string; not_to_do: string }>>

/** A form that begins with what is usual: the child that is missing here, today, for a day. Who
 *  needs to know is the station; a bureau's room says it each time. */
export function blank(unit: Unit, today: string, terms: Terms, words: Words): Form {
  const form: Form = {
    unit: unit.code,
    kind: MISSING,
    role: '',
    basis: { type: '', number: '', authority: unit.name, date: today },
    reach: 'named',
    units: unit.kind === 'bureau' ? [] : [unit.code],
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

/** The form for another kind: whom it is about, what it stands on, how long, and the usual words
 *  where nobody wrote others. */
export function ofKind(form: Form, kind: string, terms: Terms, words: Words): Form {
  const term = terms.kinds.find((each) => each.kind === kind)!
  const before = words[form.kind]
  const usual = (said: string, name: 'to_do' | 'not_to_do') =>
    said === '' || said === before?.[name] ? (words[kind]?.[name] ?? '') : said
  return {
    ...form,
    kind,
    role: term.roles[0]!,
    basis: { ...form.basis, type: term.bases[0]! },
    lastsH: USUAL_H[kind] ?? ELSE_H,
    toDo: usual(form.toDo, 'to_do'),
    notToDo: usual(form.notToDo, 'not_to_do'),
    urgent: term.urgent,
  }
}

/** The form of a draft that is there already. */
export function formOf({ unit, kind, role, basis, area, lasts_h, urgent }: Detail, told: Contents, timeZone?: string): Form {
  const { units = [], cells = [], whole, reason } = area
  return {
    unit: unit.code,
    kind,
    role,
    basis: { ...basis },
    reach: whole ? 'whole' : 'named',
    units: [...units],
    cells: [...cells],
    reason: reason ?? '',
    lastsH: lasts_h,
    fact: told.fact,
    opinion: told.opinion ?? '',
    lastSeenPlace: told.last_seen_place ?? '',
    lastSeenAt: told.last_seen_at ? wallTime(told.last_seen_at, timeZone) : '',
    toDo: told.to_do,
    notToDo: told.not_to_do,
    photos: told.photos.map(({ sha256 }) => sha256),
    urgent,
  }
}

/** The fields that are missing, as the server would name them. */
export function missing(form: Form, terms: Terms): string[] {
  const longest = terms.kinds.find((each) => each.kind === form.kind)?.longest_h ?? 0
  const wrong: Record<string, boolean> = {
    'basis.number': !form.basis.number.trim(),
    'basis.authority': !form.basis.authority.trim(),
    'basis.date': !form.basis.date,
    area: form.reach === 'named' ? form.units.length + form.cells.length === 0 : !form.reason.trim(),
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
  return { unit: form.unit, ...draftOf(form, timeZone) }
}

export function draftOf(form: Form, timeZone?: string): Draft {
  const { kind, role, basis, reach, lastsH, urgent } = form
  const text = (value: string) => value.trim() || null
  return {
    kind: kind as Draft['kind'],
    role: role as NonNullable<Draft['role']>,
    basis: { ...basis, type: basis.type as Draft['basis']['type'], number: basis.number.trim() },
    area: {
      units: reach === 'named' ? form.units : [],
      cells: reach === 'named' ? form.cells : [],
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
