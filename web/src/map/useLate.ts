import { computed, type ComputedRef } from 'vue'

import type { TaskCard } from '@/api/types'
import { useNow } from '@/base/clock'
import { isOverdue } from '@/live/tasks'

/** The tasks that weren't signed in time, by their ids. */
export function useLate(cards: () => readonly TaskCard[]): ComputedRef<ReadonlySet<number>> {
  const now = useNow()
  // A string, so that the clock redraws only when another task has become overdue.
  const overdue = computed(() =>
    cards()
      .filter((card) => isOverdue(card, now.value))
      .map((card) => card.id)
      .join(' '),
  )
  return computed(() => new Set(overdue.value.split(' ').map(Number)))
}
