/** One's own tokens for programs such as QGIS. */
import { api, ask } from '@/api/client'
import type { components } from '@/api/schema'

export type Token = components['schemas']['Token']
export type NewToken = components['schemas']['NewToken']

/** How long a token may stand. */
export const MOST_DAYS = 366

export async function tokens(): Promise<Token[]> {
  return (await ask(api.GET('/api/v1/sessions/tokens'))).items
}

/** Issues a token; the answer alone says what it is. */
export function issue(name: string, days: number): Promise<NewToken> {
  return ask(api.POST('/api/v1/sessions/tokens', { body: { name, days } }))
}

/** Revokes a token: whatever uses it is signed out. */
export async function revoke(token_id: string): Promise<void> {
  await ask(api.DELETE('/api/v1/sessions/tokens/{token_id}', { params: { path: { token_id } } }))
}
