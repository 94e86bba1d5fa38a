/** What the workshop asks of the server. */
import { api, ask, askTagged, type Tagged } from '@/api/client'
import type { Cells, FaultReport, Version } from './types'

const PAGE = 100

/** Every version of the grid, the latest first. */
export async function versions(): Promise<Version[]> {
  const found: Version[] = []
  let cursor: string | undefined
  do {
    const query = { limit: PAGE, cursor }
    const page = await ask(api.GET('/api/v1/grid/versions', { params: { query } }))
    found.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor)
  return found.reverse()
}

/** One version, with the tag that its change must name. */
export function version(name: string): Promise<Tagged<Version>> {
  return askTagged(api.GET('/api/v1/grid/versions/{name}', { params: { path: { name } } }))
}

export function report(name: string): Promise<FaultReport> {
  return ask(api.GET('/api/v1/grid/versions/{name}/report', { params: { path: { name } } }))
}

export async function cells(name: string): Promise<Cells> {
  const path = '/api/v1/grid/versions/{name}/cells'
  const found = await ask(api.GET(path, { params: { path: { name } } }))
  return found as unknown as Cells
}

/** Puts a version in force; `from` null means now. */
export async function publish(name: string, from: string | null): Promise<Version> {
  const { etag } = await version(name)
  return ask(
    api.POST('/api/v1/grid/versions/{name}/publish', {
      params: { path: { name }, header: { 'If-Match': etag } },
      body: from ? { from } : {},
    }),
  )
}

/** Gives up a draft, withdraws a version before its time, or ends the one in force. */
export async function retire(name: string): Promise<Version> {
  const { etag } = await version(name)
  return ask(
    api.POST('/api/v1/grid/versions/{name}/retire', {
      params: { path: { name }, header: { 'If-Match': etag } },
    }),
  )
}
