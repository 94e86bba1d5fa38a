import { ref, shallowRef } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import type { Task, Verb } from '@/api/types'
import { newId } from '@/base/ids'

/** Commands on one task; `changed` learns what the task is now, after a refusal too. */
export function useTaskCommand(taskId: () => number, changed: (task: Task) => void) {
  const busy = ref(false)
  const refusal = shallowRef<Refusal | null>(null)

  /** Says whether it was done. */
  async function command(verb: Verb, data: Record<string, unknown>): Promise<boolean> {
    busy.value = true
    refusal.value = null
    const body = { id: newId(), verb, occurred_at: new Date().toISOString(), data }
    const params = { path: { task_id: taskId() } }
    try {
      const answer = await ask(api.POST('/api/v1/tasks/{task_id}/commands', { params, body }))
      changed(answer.task)
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
