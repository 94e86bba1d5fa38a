/** What the wall asks of the server. */
import { api, ask } from '@/api/client'
import { buildOf } from './build'
import type { Alarm, Duty } from './types'

export async function alarms(): Promise<Alarm[]> {
  return (await ask(api.GET('/api/v1/alarms'))).items
}

export function onDuty(): Promise<Duty> {
  return ask(api.GET('/api/v1/force/duty', { params: { query: {} } }))
}

/** When the session ends, by the server's clock. */
export async function sessionEnd(): Promise<number> {
  return Date.parse((await ask(api.GET('/api/v1/sessions/current'))).expires_at)
}

/** The entry of the build that is served now; null where it can't be had. */
export async function servedBuild(): Promise<string | null> {
  const answer = await fetch('/', { cache: 'no-store' }).catch(() => null)
  return answer?.ok ? buildOf(await answer.text()) : null
}
