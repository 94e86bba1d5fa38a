/** What the page of captures asks of the server. */
import { api, ask } from '@/api/client'
import { everyPage } from '@/api/pages'
import type { Capture } from '@/api/types'

const PAGE = 200
export type Shown = 'open' | 'all'

/** The captures that the account may see, newest first; of all of them the last page. */
export async function captures(state: Shown): Promise<Capture[]> {
  const page = (cursor?: string) => ask(api.GET('/api/v1/captures', { params: { query: { state, limit: PAGE, cursor } } }))
  return state === 'open' ? everyPage(page) : (await page()).items
}

export function accept(id: number): Promise<Capture> {
  return ask(api.POST('/api/v1/captures/{capture_id}/accept', { params: { path: { capture_id: id } } }))
}

export function decline(id: number, reason: string): Promise<Capture> {
  return ask(api.POST('/api/v1/captures/{capture_id}/decline', { params: { path: { capture_id: id } }, body: { reason } }))
}
