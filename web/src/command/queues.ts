/** The command room's lists: everything has somebody, everything has a result. */
import type { TaskCard } from '@/api/types'
import { dayOf } from '@/base/format'
import { ENDED, UNDER_WAY } from '@/live/cards'
import { deadlineMs } from '@/live/tasks'

/** In the order in which a room looks at them. */
export const QUEUES = ['new', 'no_owner', 'unsigned', 'under_way', 'review', 'handed_over', 'ended'] as const
export type Queue = (typeof QUEUES)[number]

/** An incident is new for so long, unless its time to be signed is over before. */
const NEW_FOR_MS = 120_000

/** The cards by queue: nearest deadline first, oldest first, and what ended newest first. */
export function queuesOf(
  cards: readonly TaskCard[],
  now: number,
  timeZone?: string,
): Record<Queue, TaskCard[]> {
  const lists: Record<Queue, TaskCard[]> = {
    new: [],
    no_owner: [],
    unsigned: [],
    under_way: [],
    review: [],
    handed_over: [],
    ended: [],
  }
  const today = dayOf(now, timeZone)
  for (const card of cards) {
    const queue = queueOf(card, now)
    if (queue !== 'ended' || dayOf(card.updated_at, timeZone) === today) lists[queue].push(card)
  }
  return {
    new: sorted(lists.new, (card) => -reportedMs(card)),
    no_owner: sorted(lists.no_owner, deadlineMs),
    unsigned: sorted(lists.unsigned, deadlineMs),
    under_way: sorted(lists.under_way, reportedMs),
    review: sorted(lists.review, reportedMs),
    handed_over: sorted(lists.handed_over, reportedMs),
    ended: sorted(lists.ended, (card) => -Date.parse(card.updated_at)),
  }
}

/** The one list in which a task stands. */
export function queueOf(card: TaskCard, now: number): Queue {
  if (card.state === 'handed_over' && !card.hand_over?.answer) return 'handed_over'
  if (ENDED.has(card.state)) return 'ended'
  if (card.state === 'reported') return 'review'
  if (UNDER_WAY.has(card.state)) return 'under_way'
  if (card.unowned) return 'no_owner'
  const isYoung = now - reportedMs(card) < NEW_FOR_MS && now <= deadlineMs(card)
  return isYoung && card.step?.step === 1 ? 'new' : 'unsigned'
}

function reportedMs({ incident }: TaskCard): number {
  return Date.parse(incident.reported_at)
}

/** By a key that is worked out once for each. */
function sorted(cards: readonly TaskCard[], key: (card: TaskCard) => number): TaskCard[] {
  return cards
    .map((card) => ({ card, at: key(card) }))
    .sort((a, b) => a.at - b.at || a.card.id - b.card.id)
    .map(({ card }) => card)
}
