import { ref, shallowRef } from 'vue'

import { Refusal } from '@/api/client'
import type { Task, Verb } from '@/api/types'
import { command as send } from '@/board/bulk'

/** Commands on one task; `changed` learns what the task is now, after a refusal too. */
export function useTaskCommand(taskId: () => number, changed: (task: Task) => void) {
  const busy = ref(false)
  const refusal = shallowRef<Refusal | null>(null)

  /** Says whether it was done. */
  async function command(verb: Verb, data: Record<string, unknown>): Promise<boolean> {
    busy.value = true
    refusal.value = null
    try {
      changed(await send(taskId(), verb, data))
      return true
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refusal.value = error
      const present = error.body['task'] as Task | undefined
      if (present) changed(present)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, refusal, command }
}
