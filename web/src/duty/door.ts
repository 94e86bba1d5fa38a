/** What the roster asks of the server. */
import { api, ask, askTagged, type Tagged } from '@/api/client'
import { everyPage } from '@/api/pages'
import type { Officer, Unit } from '@/api/types'
import type {
  Absence,
  AbsenceDraft,
  CalendarDay,
  Month,
  NewDay,
  Pattern,
  PatternDraft,
  Post,
  Shift,
  ShiftDraft,
  Swap,
  SwapVerb,
  Voids,
  Year,
} from './types'

const PAGE = 500

interface Asked {
  unit: string
  from: string
  to: string
}

export function units(): Promise<Unit[]> {
  return everyPage((cursor) => ask(api.GET('/api/v1/units', { params: { query: { limit: PAGE, cursor } } })))
}

/** Who can be put on duty: auxiliaries have no shifts of their own. */
export async function officers(unit: string): Promise<Officer[]> {
  const found = await everyPage((cursor) =>
    ask(api.GET('/api/v1/force/officers', { params: { query: { unit, limit: PAGE, cursor } } })),
  )
  return found.filter((each) => each.kind === 'officer')
}

export function shifts(asked: Asked): Promise<Shift[]> {
  return everyPage((cursor) =>
    ask(api.GET('/api/v1/force/shifts', { params: { query: { ...asked, limit: PAGE, cursor } } })),
  )
}

export function absences(asked: Asked): Promise<Absence[]> {
  return everyPage((cursor) =>
    ask(api.GET('/api/v1/force/absences', { params: { query: { ...asked, limit: PAGE, cursor } } })),
  )
}

export function voids(): Promise<Voids> {
  return ask(api.GET('/api/v1/force/voids'))
}

export async function swaps(): Promise<Swap[]> {
  return (await ask(api.GET('/api/v1/force/swaps'))).items
}

export async function patterns(unit: string): Promise<Pattern[]> {
  return (await ask(api.GET('/api/v1/force/patterns', { params: { query: { unit } } }))).items
}

export async function posts(): Promise<Post[]> {
  return (await ask(api.GET('/api/v1/force/posts'))).items
}

export function shift(shift_id: number): Promise<Tagged<Shift>> {
  return askTagged(api.GET('/api/v1/force/shifts/{shift_id}', { params: { path: { shift_id } } }))
}

export function addShift(draft: ShiftDraft) {
  return ask(api.POST('/api/v1/force/shifts', { body: { shifts: [draft] } }))
}

export function changeShift(shift_id: number, etag: string, body: ShiftDraft): Promise<Shift> {
  const params = { path: { shift_id }, header: { 'If-Match': etag } }
  return ask(api.PUT('/api/v1/force/shifts/{shift_id}', { params, body }))
}

export function removeShift(shift_id: number, etag: string) {
  const params = { path: { shift_id }, header: { 'If-Match': etag } }
  return ask(api.DELETE('/api/v1/force/shifts/{shift_id}', { params }))
}

export function absence(absence_id: number): Promise<Tagged<Absence>> {
  return askTagged(api.GET('/api/v1/force/absences/{absence_id}', { params: { path: { absence_id } } }))
}

export function addAbsence(body: AbsenceDraft): Promise<Absence> {
  return ask(api.POST('/api/v1/force/absences', { body }))
}

export function changeAbsence(absence_id: number, etag: string, body: AbsenceDraft): Promise<Absence> {
  const params = { path: { absence_id }, header: { 'If-Match': etag } }
  return ask(api.PUT('/api/v1/force/absences/{absence_id}', { params, body }))
}

export function removeAbsence(absence_id: number, etag: string) {
  const params = { path: { absence_id }, header: { 'If-Match': etag } }
  return ask(api.DELETE('/api/v1/force/absences/{absence_id}', { params }))
}

export function commandSwap(swap_id: number, verb: SwapVerb): Promise<Swap> {
  const params = { path: { swap_id } }
  return ask(api.POST('/api/v1/force/swaps/{swap_id}/commands', { params, body: { verb } }))
}

export function addPattern(body: PatternDraft): Promise<Pattern> {
  return ask(api.POST('/api/v1/force/patterns', { body }))
}

export function pattern(pattern_id: number): Promise<Tagged<Pattern>> {
  return askTagged(api.GET('/api/v1/force/patterns/{pattern_id}', { params: { path: { pattern_id } } }))
}

export function changePattern(pattern_id: number, etag: string, body: PatternDraft): Promise<Pattern> {
  const params = { path: { pattern_id }, header: { 'If-Match': etag } }
  return ask(api.PUT('/api/v1/force/patterns/{pattern_id}', { params, body }))
}

export function removePattern(pattern_id: number, etag: string) {
  const params = { path: { pattern_id }, header: { 'If-Match': etag } }
  return ask(api.DELETE('/api/v1/force/patterns/{pattern_id}', { params }))
}

/** Makes a month's shifts of a pattern, or only says what that would do. */
export function makeMonth(pattern_id: number, month: string, dry_run: boolean): Promise<Month> {
  const params = { path: { pattern_id } }
  return ask(api.POST('/api/v1/force/patterns/{pattern_id}/month', { params, body: { month, dry_run } }))
}

export function year(year: number): Promise<Year> {
  return ask(api.GET('/api/v1/force/calendar', { params: { query: { year } } }))
}

/** Enters a year's public holidays; what was set by hand stays. */
export function fillYear(year: number): Promise<Year> {
  return ask(api.POST('/api/v1/force/calendar', { body: { year } }))
}

export function day(date: string): Promise<Tagged<CalendarDay>> {
  return askTagged(api.GET('/api/v1/force/calendar/{date}', { params: { path: { date } } }))
}

export function setDay(date: string, etag: string, body: NewDay): Promise<CalendarDay> {
  const params = { path: { date }, header: { 'If-Match': etag } }
  return ask(api.PUT('/api/v1/force/calendar/{date}', { params, body }))
}
