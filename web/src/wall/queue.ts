/** What the wall's queue shows of a task: nothing of the caller, and no place beyond the cell. Pure. */
import type { TaskCard } from '@/api/types'
import { raisedTo } from '@/live/cards'

export interface Waiting {
  id: number
  number: number
  category: { name_zh: string; name_en: string }
  priority: number
  cell: string | null
  station: string | null
  /** The kind of the step that it was raised to; null on the first. */
  raised: string | null
  /** Until when it is to be signed; null on the last step. */
  deadline: number | null
  reported: number
}

/** The unsigned tasks, the most pressing first: the gravest, then what is past its last step, then by deadline. */
export function waitingOf(cards: readonly TaskCard[]): Waiting[] {
  return cards
    .filter(({ state }) => state === 'assigned')
    .map((card) => ({
      id: card.id,
      number: card.incident.number,
      category: card.incident.category,
      priority: card.incident.priority,
      cell: card.incident.cell?.name ?? null,
      station: card.incident.station?.code ?? null,
      raised: raisedTo(card),
      deadline: card.step?.deadline ? Date.parse(card.step.deadline) : null,
      reported: Date.parse(card.incident.reported_at),
    }))
    .sort((a, b) => Number(b.priority === 1) - Number(a.priority === 1) || pressing(a) - pressing(b) || a.id - b.id)
}

/** Nobody comes after the last step, so that the call itself is what is late. */
function pressing({ deadline, reported }: Waiting): number {
  return deadline ?? reported
}
