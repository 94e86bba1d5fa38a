/** What happened to a task, in the order in which it was: what was done, and who was told. */
import type { HistoryEntry, Offer, Person, Task } from '@/api/types'
import { spokenNumber } from '@/common/names'

interface Told {
  kind: 'told'
  key: string
  at: number
  offer: Offer
}
interface Done {
  kind: 'done'
  key: string
  at: number
  /** By the server's clock. */
  entry: HistoryEntry
  /** By the actor's device, put right by what its clock is known to be off. */
  happened: number
}
export type Moment = Told | Done

/** Both in one line, by the time at which the server knew of it. */
export function timelineOf({ history, offers }: Pick<Task, 'history' | 'offers'>): Moment[] {
  const done = history.map(
    (entry): Done => ({
      kind: 'done',
      key: `done-${entry.id}`,
      at: Date.parse(entry.at),
      entry,
      happened: Date.parse(entry.occurred_at) + (entry.clock_offset_s ?? 0) * 1000,
    }),
  )
  const told = offers.map(
    (offer, index): Told => ({ kind: 'told', key: `told-${index}`, at: Date.parse(offer.told_at), offer }),
  )
  // What was done comes before the telling that follows from it.
  return [...done, ...told].sort((a, b) => a.at - b.at || (a.kind === b.kind ? 0 : a.kind === 'done' ? -1 : 1))
}

/** Those who did something at a place that is known, in order. */
export function placesOf(history: readonly HistoryEntry[]): { lon: number; lat: number; id: number }[] {
  return history.flatMap(({ id, lon, lat }) => (lon === null || lat === null ? [] : [{ id, lon, lat }]))
}

/** What the actor wrote: the words of a remark, a reason, a report, an agency; the number that a link leads to. */
export function wordsOf({ data }: HistoryEntry): string[] {
  const said = Object.entries(data).filter(([name]) => name !== 'outcome' && name !== 'kind')
  const linked = typeof data['number'] === 'number' ? [spokenNumber({ number: data['number'] })] : []
  return linked.concat(said.flatMap(([, value]) => (typeof value === 'string' && value !== '' ? [value] : [])))
}

export function nameOf(person: Person | null, server: string): string {
  return person?.display_name ?? server
}
