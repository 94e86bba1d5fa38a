/** What the page of all accounts asks of the server. */
import { api, ask, askTagged, type Tagged } from '@/api/client'
import type { components } from '@/api/schema'
import type { OwnSession } from './door'

export type AccountState = components['schemas']['AccountState']
export type Policy = components['schemas']['Policy']

const ACCOUNTS = '/api/v1/accounts'
const POLICY = '/api/v1/sign-in-policy'
const of = (id: number) => ({ path: { account_id: id } })

export async function accounts(
  words: string,
  limit: number,
): Promise<{ items: AccountState[]; more: boolean }> {
  const query = { limit, words: words.trim() || undefined }
  const page = await ask(api.GET(ACCOUNTS, { params: { query } }))
  return { items: page.items, more: page.next !== null }
}

export async function sessionsOf(id: number): Promise<OwnSession[]> {
  return (await ask(api.GET(`${ACCOUNTS}/{account_id}/sessions`, { params: of(id) }))).items
}

export async function endOne(account_id: number, session_id: string): Promise<void> {
  const params = { path: { account_id, session_id } }
  await ask(api.DELETE(`${ACCOUNTS}/{account_id}/sessions/{session_id}`, { params }))
}

export async function endAll(id: number): Promise<void> {
  await ask(api.DELETE(`${ACCOUNTS}/{account_id}/sessions`, { params: of(id) }))
}

export function open(id: number): Promise<AccountState> {
  return ask(api.POST(`${ACCOUNTS}/{account_id}/open`, { params: of(id) }))
}

export function resetFactor(id: number, reason: string): Promise<AccountState> {
  const path = `${ACCOUNTS}/{account_id}/reset-second-factor` as const
  return ask(api.POST(path, { params: of(id), body: { reason } }))
}

export function policy(): Promise<Tagged<Policy>> {
  return askTagged(api.GET(POLICY))
}

export function changePolicy(body: Policy, etag: string): Promise<Tagged<Policy>> {
  return askTagged(api.PUT(POLICY, { params: { header: { 'If-Match': etag } }, body }))
}
