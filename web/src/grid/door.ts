/** What the workshop asks of the server. */
import { api, ask, askTagged, KEY, once, type Tagged } from '@/api/client'
import type { Bounds } from './bounds'
import type {
  Cells,
  Diff,
  EditRequest,
  EditResult,
  Exclusion,
  Fault,
  HistoryPage,
  ImportedVersion,
  NewDraft,
  NewExclusion,
  NewOwners,
  Owners,
  Proposal,
  Rehearsal,
  Renumbering,
  RepairRequest,
  Topology,
  Version,
} from './types'

const PAGE = 100
const HISTORY_PAGE = 50
const AT = '/api/v1/grid/versions/{name}'

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
  return askTagged(api.GET(AT, { params: { path: { name } } }))
}

/** The faults of a version as it is now, each with its geometry. */
export async function faults(name: string): Promise<Fault[]> {
  const found = await ask(api.GET(`${AT}/faults`, { params: { path: { name } } }))
  return found.features.map(
    ({ properties, geometry }) => ({ ...properties, geometry }) as unknown as Fault,
  )
}

export async function cells(name: string): Promise<Cells> {
  const found = await ask(api.GET(`${AT}/cells`, { params: { path: { name } } }))
  return found as unknown as Cells
}

/** Makes a draft of an upload. */
export function importDraft(body: NewDraft): Promise<ImportedVersion> {
  return once((key) => ask(api.POST('/api/v1/grid/versions', { params: keyed(key), body })))
}

/** Puts a version in force; `from` null means now. `reroute`: open tasks are decided anew. */
export async function publish(
  name: string,
  from: string | null,
  reroute: boolean,
): Promise<Version> {
  const { etag } = await version(name)
  return ask(
    api.POST(`${AT}/publish`, {
      params: { path: { name }, header: { 'If-Match': etag } },
      body: { reroute, ...(from ? { from } : {}) },
    }),
  )
}

/** Gives up a draft, withdraws a version before its time, or ends the one in force. */
export async function retire(name: string): Promise<Version> {
  const { etag } = await version(name)
  return ask(
    api.POST(`${AT}/retire`, {
      params: { path: { name }, header: { 'If-Match': etag } },
    }),
  )
}

/** A draft's content is tagged with its revision. */
function tagOf(revision: number): string {
  return `"${revision}"`
}

/** The arcs, faces and cells of a draft; with bounds, of those that meet them. */
export async function topology(name: string, bounds: Bounds | null): Promise<Topology> {
  const query = bounds ? { bbox: bounds } : {}
  const found = await ask(
    api.GET(`${AT}/topology`, {
      params: { path: { name }, query },
      querySerializer: { array: { style: 'form', explode: false } },
    }),
  )
  return found as unknown as Topology
}

function keyed(key: string) {
  return { header: { [KEY]: key } }
}

function changing(name: string, revision: number, key: string) {
  return { path: { name }, header: { 'If-Match': tagOf(revision), [KEY]: key } }
}

/** A change of a draft, made once. */
async function changed(
  name: string,
  revision: number,
  send: (params: ReturnType<typeof changing>) => Promise<unknown>,
): Promise<EditResult> {
  return (await once((key) => send(changing(name, revision, key)))) as EditResult
}

export function edit(
  name: string,
  revision: number,
  body: EditRequest,
): Promise<EditResult> {
  return changed(name, revision, (params) => ask(api.POST(`${AT}/edits`, { params, body })))
}

export function undo(name: string, revision: number): Promise<EditResult> {
  return changed(name, revision, (params) => ask(api.POST(`${AT}/undo`, { params })))
}

export function redo(name: string, revision: number): Promise<EditResult> {
  return changed(name, revision, (params) => ask(api.POST(`${AT}/redo`, { params })))
}

/** A draft with the cells of any version. */
export function copy(from: string, name: string): Promise<Version> {
  const path = { name: from }
  return once((key) =>
    ask(api.POST(`${AT}/copy`, { params: { path, ...keyed(key) }, body: { name } })),
  )
}

/** What would mend a fault, the best first. */
export async function proposals(name: string, fault: string): Promise<Proposal[]> {
  const params = { path: { name }, query: { fault: [fault] } }
  return (await ask(api.GET(`${AT}/proposals`, { params }))).items as Proposal[]
}

/** Carries out these proposals, or the first of each fault that moves less than an area. */
export function repair(
  name: string,
  revision: number,
  body: RepairRequest,
): Promise<EditResult> {
  return changed(name, revision, (params) => ask(api.POST(`${AT}/repairs`, { params, body })))
}

/** Declares the hole around a place not the bureau's. */
export async function exclude(name: string, body: NewExclusion): Promise<void> {
  const path = { name }
  await once((key) =>
    ask(api.POST(`${AT}/exclusions`, { params: { path, ...keyed(key) }, body })),
  )
}

/** The holes of a version that were declared not the bureau's. */
export async function exclusions(name: string): Promise<Exclusion[]> {
  const found = await ask(api.GET(`${AT}/exclusions`, { params: { path: { name } } }))
  return found.items
}

/** Takes a declaration back. */
export async function withdraw(name: string, exclusion_id: number): Promise<void> {
  const path = { name, exclusion_id }
  await ask(api.DELETE(`${AT}/exclusions/{exclusion_id}`, { params: { path } }))
}

/** Who changed what in a draft, the newest first, a page at a time. */
export function history(name: string, cursor?: string): Promise<HistoryPage> {
  const params = { path: { name }, query: { limit: HISTORY_PAGE, cursor } }
  return ask(api.GET(`${AT}/edits`, { params }))
}

/** The new serials that the cells of a draft would get. */
export function renumbering(name: string): Promise<Renumbering> {
  return ask(api.GET(`${AT}/renumbering`, { params: { path: { name } } }))
}

export function renumber(name: string, revision: number): Promise<EditResult> {
  return changed(name, revision, (params) => ask(api.POST(`${AT}/renumbering`, { params })))
}

const OWNERS = '/api/v1/force/cells/{code}/owners'

/** Who owns a cell code now, with the tag that a change must name. */
export function owners(code: string): Promise<Tagged<Owners>> {
  return askTagged(api.GET(OWNERS, { params: { path: { code } } }))
}

/** Says who owns a cell code from now on. */
export function setOwners(code: string, etag: string, body: NewOwners): Promise<Tagged<Owners>> {
  const params = { path: { code }, header: { 'If-Match': etag } }
  return askTagged(api.PUT(OWNERS, { params, body }))
}

/** What differs between two versions, in words and on the map. */
export function diff(from: string, to: string): Promise<Diff> {
  return ask(api.GET('/api/v1/grid/diff', { params: { query: { from, to } } }))
}

/** Who would have answered for the incidents of the last days. */
export function rehearse(name: string, days: number): Promise<Rehearsal> {
  return ask(api.POST(`${AT}/rehearsal`, { params: { path: { name } }, body: { days } }))
}
