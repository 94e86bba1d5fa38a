import { api, ask, type Refusal } from '@/api/client'
import { useAttempt } from '@/base/attempt'
import { useBureau } from '@/stores/bureau'
import { reportOf, type Call } from './call'

/** Sends a call; its ids make doing so again after a lost answer harmless. */
export function useSending() {
  const bureau = useBureau()
  const { busy: sending, refusal, attempt } = useAttempt()

  /** The task that answers for it; null where it was refused. */
  function send(call: Call): Promise<number | null> {
    return attempt(async () => {
      const body = reportOf(call, bureau.timezone)
      const { task } = await ask(api.POST('/api/v1/incidents', { body }))
      return call.same?.absorbs ? call.same.task : task.id
    })
  }

  return { sending, refusal, send }
}

/** What was made of a call whose answer was lost, where it was changed after it had been sent. */
export async function taskOfSent(refusal: Refusal): Promise<number | null> {
  if (refusal.code !== 'incident.exists_differently') return null
  const { id } = refusal.body['incident'] as { id: number }
  const params = { path: { incident_id: id } }
  return (await ask(api.GET('/api/v1/incidents/{incident_id}', { params }))).task.id
}
