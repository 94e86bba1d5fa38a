/** What the auditor's page asks of the server. */
import { api, ask } from '@/api/client'
import type { components } from '@/api/schema'

export type Entry = components['schemas']['LedgerEntry']
export type EntryPage = components['schemas']['LedgerEntryPage']
export type Standing = components['schemas']['LedgerStanding']
export type Tag = Standing['tags'][number]

/** What the list is narrowed by, as it stands in the page's link. */
export const NAMES = ['actor', 'subject_kind', 'subject_id', 'tag', 'from', 'to'] as const
export type Wanted = Partial<Record<(typeof NAMES)[number], string>>

const PAGE = 50

export function entries(wanted: Wanted, cursor?: string): Promise<EntryPage> {
  return ask(api.GET('/api/v1/audit/entries', { params: { query: { ...wanted, limit: PAGE, cursor } } }))
}

export function standing(): Promise<Standing> {
  return ask(api.GET('/api/v1/audit/standing'))
}
