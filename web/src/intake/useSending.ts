import { ref, shallowRef } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import { useBureau } from '@/stores/bureau'
import { reportOf, type Call, type Same } from './call'

/** Sends a call; its ids make doing so again after a lost answer harmless. */
export function useSending() {
  const bureau = useBureau()
  const sending = ref(false)
  const refusal = shallowRef<Refusal | null>(null)

  /** The task that became of it; null where it was refused. */
  async function send(call: Call): Promise<number | null> {
    sending.value = true
    refusal.value = null
    try {
      const body = reportOf(call, bureau.timezone)
      const { task } = await ask(api.POST('/api/v1/incidents', { body }))
      if (call.same) await link(task.id, call.same)
      return task.id
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refusal.value = error
      return null
    } finally {
      sending.value = false
    }
  }

  return { sending, refusal, send }
}

async function link(task: number, { command, at, task: to }: Same): Promise<void> {
  const params = { path: { task_id: task } }
  const body = { id: command, verb: 'link', occurred_at: at, data: { to, kind: 'duplicate' } }
  await ask(api.POST('/api/v1/tasks/{task_id}/commands', { params, body }))
}

/** What was made of a call whose answer was lost, where it was changed after it had been sent. */
export async function taskOfSent(refusal: Refusal): Promise<number | null> {
  if (refusal.code !== 'incident.exists_differently') return null
  const { id } = refusal.body['incident'] as { id: number }
  const params = { path: { incident_id: id } }
  return (await ask(api.GET('/api/v1/incidents/{incident_id}', { params }))).task.id
}
