/** What an officer reads of their duty: where they stand now, and what can be swapped. Pure. */
import { settledSwaps, type Entry, type Outbox } from '@/live/outbox'
import type { Colleague, OwnDuty, Shift, Swap } from './types'

interface Span {
  start: string
  end: string
}

/** Away until a moment, on duty (with the shifts that cover the moment), or off duty until the next. */
export type Standing =
  | { is: 'away'; until: string }
  | { is: 'on'; shifts: Shift[] }
  | { is: 'off'; next: Shift | null }

export function standing(duty: OwnDuty, now: number): Standing {
  const away = duty.absences.find((each) => covers(each, now))
  if (away) return { is: 'away', until: away.end }
  const shifts = duty.shifts.filter((each) => covers(each, now))
  if (shifts.length > 0) return { is: 'on', shifts }
  return { is: 'off', next: duty.shifts.find((each) => Date.parse(each.start) > now) ?? null }
}

/** A span covers its first moment and not its last. */
function covers({ start, end }: Span, now: number): boolean {
  return Date.parse(start) <= now && now < Date.parse(end)
}

/** What is yet to end, in the order in which it begins. */
export function ahead<Each extends Span>(spans: readonly Each[], now: number): Each[] {
  return spans.filter((each) => Date.parse(each.end) > now)
}

/** The open swap in which a shift is offered. */
export function swapOf(shift: Shift, swaps: readonly Swap[]): Swap | null {
  return swaps.find((each) => each.given.shift === shift.id || each.taken?.shift === shift.id) ?? null
}

/** Whether a shift can be offered: it is yet to begin, and in no swap that is under way. */
export function canBeOffered(shift: Shift, swaps: readonly Swap[], now: number): boolean {
  return Date.parse(shift.start) > now && swapOf(shift, swaps) === null
}

/** Whom a shift can be offered to: the colleagues by number, each with the shifts they could give. */
export function partners(duty: OwnDuty, now: number): { colleague: Colleague; shifts: Shift[] }[] {
  const found = new Map<string, { colleague: Colleague; shifts: Shift[] }>()
  for (const shift of duty.colleagues) {
    const { officer } = shift
    const partner = found.get(officer.service_number) ?? { colleague: officer, shifts: [] }
    found.set(officer.service_number, partner)
    if (canBeOffered(shift, duty.swaps, now)) partner.shifts.push(shift)
  }
  return [...found.values()].sort((a, b) =>
    a.colleague.service_number.localeCompare(b.colleague.service_number),
  )
}

/** Whether the reader of a swap is the one who must say something next. */
export function waitsForReader(swap: Swap): boolean {
  return swap.allowed.some((verb) => verb === 'agree' || verb === 'consent')
}

const TOLD_FOR_MS = 86_400_000

/** What was refused within a day, of swaps that are over meanwhile and so on no list any more. */
export function refusedLate(outbox: Outbox, swaps: readonly Swap[], now: number): Entry[] {
  const open = new Set(swaps.map((each) => each.id))
  return settledSwaps(outbox).filter(
    (each) =>
      each.status === 'refused' && !open.has(each.swap!) && Date.parse(each.occurred_at) > now - TOLD_FOR_MS,
  )
}

/** The swaps with those first that wait for the reader. */
export function inOrder(swaps: readonly Swap[]): Swap[] {
  return [...swaps.filter(waitsForReader), ...swaps.filter((each) => !waitsForReader(each))]
}
