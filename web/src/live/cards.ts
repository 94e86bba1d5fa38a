/** Task cards: which version stands, and how a full task becomes a card. */
import type { Task, TaskCard, TaskState } from '@/api/types'

export const ENDED: ReadonlySet<TaskState> = new Set(['closed', 'cancelled', 'handed_over'])
export const UNDER_WAY: ReadonlySet<TaskState> = new Set(['signed', 'en_route', 'on_scene'])

export type Cards = Readonly<Record<string, TaskCard>>

/** The cards with `card` in its place, unless a newer version already stands there. */
export function withCard(cards: Cards, card: TaskCard): Cards {
  const standing = cards[card.id]
  if (standing && standing.version > card.version) return cards
  return { ...cards, [card.id]: card }
}

export function byId(cards: readonly TaskCard[]): Cards {
  return Object.fromEntries(cards.map((card) => [card.id, card]))
}

/** The card of a task that a command answered with. */
export function cardOf(task: Task, updatedAt: string): TaskCard {
  const { id, state, version, incident, assignee, report } = task
  const offer = task.offers.findLast((each) => each.open)
  const because = task.decision.find((each) => each.step === offer?.step)?.because
  const step =
    offer && because
      ? { step: offer.step, kind: offer.kind, because, deadline: offer.deadline }
      : null
  return { id, state, version, incident, assignee, report, step, updated_at: updatedAt }
}
