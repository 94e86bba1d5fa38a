/** What the wall's queue shows of a task: nothing of the caller, and no place beyond the cell. Pure. */
import type { TaskCard } from '@/api/types'
import { deadlineMs } from '@/live/tasks'

export interface Waiting {
  id: number
  number: number
  category: { name_zh: string; name_en: string }
  priority: number
  cell: string | null
  station: string | null
  /** Until when it is to be signed; null on the last step. */
  deadline: number | null
  reported: number
}

/** The unsigned tasks, the most pressing first: the gravest, then the nearest deadline. */
export function waitingOf(cards: readonly TaskCard[]): Waiting[] {
  return cards
    .filter(({ state }) => state === 'assigned')
    .sort((a, b) => Number(b.incident.priority === 1) - Number(a.incident.priority === 1) || deadlineMs(a) - deadlineMs(b) || a.id - b.id)
    .map((card) => ({
      id: card.id,
      number: card.incident.number,
      category: card.incident.category,
      priority: card.incident.priority,
      cell: card.incident.cell?.name ?? null,
      station: card.incident.station?.code ?? null,
      deadline: card.step?.deadline ? Date.parse(card.step.deadline) : null,
      reported: Date.parse(card.incident.reported_at),
    }))
}
