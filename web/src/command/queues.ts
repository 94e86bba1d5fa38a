/** The command room's lists: everything has somebody, everything has a result. */
import type { TaskCard } from '@/api/types'
import { dayOf } from '@/base/format'
import { ENDED, UNDER_WAY } from '@/live/cards'
import { deadlineMs } from '@/live/tasks'

export const QUEUES = ['unsigned', 'under_way', 'review', 'ended'] as const
export type Queue = (typeof QUEUES)[number]

/** The cards by queue: nearest deadline first, oldest first, and what ended newest first. */
export function queuesOf(
  cards: readonly TaskCard[],
  now: number,
  timeZone?: string,
): Record<Queue, TaskCard[]> {
  const today = dayOf(now, timeZone)
  return {
    unsigned: cards
      .filter((card) => card.state === 'assigned')
      .sort((a, b) => deadlineMs(a) - deadlineMs(b)),
    under_way: cards.filter((card) => UNDER_WAY.has(card.state)).sort(byReported),
    review: cards.filter((card) => card.state === 'reported').sort(byReported),
    ended: cards
      .filter((card) => ENDED.has(card.state) && dayOf(card.updated_at, timeZone) === today)
      .sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at)),
  }
}

function byReported(a: TaskCard, b: TaskCard): number {
  return Date.parse(a.incident.reported_at) - Date.parse(b.incident.reported_at)
}
