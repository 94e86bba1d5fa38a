/** Task cards: which version stands, and how a full task becomes a card. */
import type { Because, Offer, Task, TaskCard, TaskState } from '@/api/types'

/** A task's life, as it goes. */
export const STATES: readonly TaskState[] = [
  'assigned',
  'signed',
  'en_route',
  'on_scene',
  'reported',
  'closed',
  'handed_over',
  'cancelled',
]
export const ENDED: ReadonlySet<TaskState> = new Set(['closed', 'cancelled', 'handed_over'])
export const UNDER_WAY: ReadonlySet<TaskState> = new Set(['signed', 'en_route', 'on_scene'])

/** The kind of the step that an unsigned task was raised to, because nobody signed before; else null. */
export function raisedTo({ state, step }: TaskCard): string | null {
  if (state !== 'assigned' || !step || step.step === 1 || step.kind === 'reassigned') return null
  return step.kind
}

export type Cards = Readonly<Record<number, TaskCard>>

/** A step that the room added later: its reason is told in the history. */
const UNTOLD: Because = { code: '', params: {}, text: '' }

/** The cards with `card` in its place, unless a newer version already stands there. */
export function withCard(cards: Cards, card: TaskCard): Cards {
  return withCards(cards, [card])
}

/** The same for several, one after the other, at the price of one. */
export function withCards(cards: Cards, changed: readonly TaskCard[]): Cards {
  const next: Record<number, TaskCard> = { ...cards }
  let differs = false
  for (const card of changed) {
    const standing = next[card.id]
    if (standing && standing.version > card.version) continue
    next[card.id] = card
    differs = true
  }
  return differs ? next : cards
}

export function byId(cards: readonly TaskCard[]): Cards {
  return Object.fromEntries(cards.map((card) => [card.id, card]))
}

/**
 * The card of a task that a command answered with, as a message to `reader` would show it: with
 * the reader's own step, or for somebody else the latest that is open.
 */
export function cardOf(task: Task, reader: string): TaskCard {
  const { id, state, version, incident, assignee, overdue_from, unowned, report } = task
  const { hand_over, advice, updated_at } = task
  const offer = offerFor(task, reader)
  const step = offer ? stepOf(task, offer) : null
  const standing = { id, state, version, incident, assignee, overdue_from, unowned, step }
  return { ...standing, report, hand_over, advice, updated_at }
}

function offerFor(task: Task, reader: string): Offer | undefined {
  const own = task.offers.filter((offer) => offer.recipient.username === reader)
  const open = (offer: Offer) => offer.open
  return own.findLast(open) ?? own.at(-1) ?? task.offers.findLast(open)
}

function stepOf(task: Task, { step, kind, recipient, deadline }: Offer): TaskCard['step'] {
  const planned = task.decision.find(
    (each) => each.step === step && each.who.username === recipient.username,
  )
  return { step, kind, because: planned?.because ?? UNTOLD, deadline }
}
