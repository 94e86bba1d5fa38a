/** What the tables' page asks of the server. */
import { api, ask, askTagged, type Tagged } from '@/api/client'
import { everyPage } from '@/api/pages'
import type { DryRun, RowChange, TableRow, Tables } from './types'

const PAGE = 500
const HISTORY_PAGE = 100

export function tables(): Promise<Tables> {
  return ask(api.GET('/api/v1/dispatch/tables'))
}

/** The rows that hold or are planned, with the tag that a change must name. */
export async function rows(table: string): Promise<Tagged<TableRow[]>> {
  let etag = ''
  const data = await everyPage(async (cursor) => {
    const params = { path: { table }, query: { limit: PAGE, cursor } }
    const page = await askTagged(api.GET('/api/v1/dispatch/tables/{table}', { params }))
    etag = page.etag
    return page.data
  })
  return { data, etag }
}

/** What the table said, the last written first. */
export async function history(table: string): Promise<TableRow[]> {
  const params = { path: { table }, query: { limit: HISTORY_PAGE } }
  return (await ask(api.GET('/api/v1/dispatch/tables/{table}/history', { params }))).items
}

/** Takes back a change that is still to come. */
export function takeBack(table: string, etag: string, row_id: number, why: string) {
  const params = { path: { table, row_id }, query: { why }, header: { 'If-Match': etag } }
  return ask(api.DELETE('/api/v1/dispatch/tables/{table}/rows/{row_id}', { params }))
}

/** Has rows say something else from a moment on; null: now. */
export function change(table: string, etag: string, changes: RowChange[], why: string, from: string | null) {
  const params = { path: { table }, header: { 'If-Match': etag } }
  return ask(api.POST('/api/v1/dispatch/tables/{table}/changes', { params, body: { changes, why, from } }))
}

/** Past incidents that would have gone another way. */
export function tryChanges(table: string, changes: RowChange[], days: number): Promise<DryRun> {
  const body = { days, changes: changes.map((each) => ({ table, ...each })) }
  return ask(api.POST('/api/v1/dispatch/tables/dry-run', { body }))
}
