import { computed, type ComputedRef } from 'vue'

import type { QueryDoor } from './useQuery'

export interface ChosenTask {
  readonly chosen: ComputedRef<number | null>
  choose(id: number | null): void
}

/** The chosen task, which the page's link names: `?task=1042`. */
export function useChosenTask({ query, patch }: QueryDoor): ChosenTask {
  const chosen = computed(() => {
    const id = Number(query()['task'])
    return Number.isInteger(id) && id > 0 ? id : null
  })

  function choose(id: number | null): void {
    if (id !== chosen.value) patch({ task: id === null ? undefined : String(id) })
  }

  return { chosen, choose }
}
