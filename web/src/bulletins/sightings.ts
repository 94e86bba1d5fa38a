/** Sightings as the room that answers them reads them; pure. */
import type { Person, SightingNews, SightingRef } from '@/api/types'
import type { AnswerSaid, Sighting, SightingHead } from './types'

/** What somebody still owes the officer an answer to. */
const UNANSWERED: ReadonlySet<Sighting['state']> = new Set(['open', 'promised', 'escalated'])

export function isWaiting({ state }: Pick<Sighting, 'state'>): boolean {
  return UNANSWERED.has(state)
}

/** Whether the answer is late by a clock; what was raised to the bureau is, until it is answered. */
export function isOverdue(sighting: Pick<Sighting, 'state' | 'answer_by'>, now: number): boolean {
  const { state, answer_by } = sighting
  return isWaiting(sighting) && (state === 'escalated' || (answer_by !== null && Date.parse(answer_by) <= now))
}

/** What waits first, by when the answer is due; then what is over, the newest first. */
export function inOrder(items: readonly Sighting[]): Sighting[] {
  const due = ({ answer_by }: Sighting) => (answer_by === null ? Infinity : Date.parse(answer_by))
  return [...items].sort((a, b) => {
    const [first, second] = [isWaiting(a), isWaiting(b)]
    if (first !== second) return first ? -1 : 1
    return first ? due(a) - due(b) || a.id - b.id : b.id - a.id
  })
}

/** Whether the feed told of a sighting of this bulletin that isn't known as it stands by now. */
export function hasNews(items: readonly Sighting[], bulletin: number, told: readonly SightingNews[]): boolean {
  const isKnown = ({ id, version }: SightingRef) => items.some((each) => each.id === id && each.version >= version)
  return told.some((news) => news.bulletin.id === bulletin && !isKnown(news.sighting))
}

/** Whether the bulletin counts others than those that stand on the page, as after a lost link. */
export function isBehind(items: readonly Sighting[], { total, waiting }: { total: number; waiting: number }): boolean {
  return items.length !== total || items.filter(isWaiting).length !== waiting
}

/** The sightings after the room answered one: how it stands, and what was said to the officer. */
export function answered(items: readonly Sighting[], head: SightingHead, { verb, text }: AnswerSaid, by: Person): Sighting[] {
  const said = verb === 'promise' ? {} : { answer: text ?? null, answered_by: by }
  return items.map((each) => (each.id === head.id ? { ...each, ...head, ...said } : each))
}
