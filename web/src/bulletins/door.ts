/** What the page of bulletins asks of the server. */
import { api, ask, askTagged, KEY, once, type Tagged } from '@/api/client'
import { save } from '@/supervision/files'
import type {
  AnswerSaid,
  AtCell,
  CapImport,
  CapImported,
  Contents,
  Detail,
  Draft,
  Filter,
  Head,
  NewBulletin,
  Sighting,
  SightingHead,
  StepDone,
  Terms,
  Told,
} from './types'

const BULLETINS = '/api/v1/bulletins'
const ONE = `${BULLETINS}/{bulletin_id}` as const

interface Page<Item> {
  items: Item[]
  next: string | null
}

const of = (id: number) => ({ path: { bulletin_id: id } })
const under = (key: string) => ({ headers: { [KEY]: key } })

/** Those of a unit; an auditor alone leaves it out. */
export function bulletins(unit: string | null, state: 'open' | 'all', cursor?: string): Promise<Page<Head>> {
  const query = { state, limit: 50, cursor, ...(unit ? { unit } : {}) }
  return ask(api.GET(BULLETINS, { params: { query } }))
}

export function bulletin(id: number): Promise<Tagged<Detail>> {
  return askTagged(api.GET(ONE, { params: of(id) }))
}

/** What it says. The server writes each look down. */
export function contents(id: number): Promise<Contents> {
  return ask(api.GET(`${ONE}/contents`, { params: of(id) }))
}

/** Who was told of it, and what their terminals did. */
export function recipients(id: number, filter: Filter | null, limit: number): Promise<Page<Told>> {
  const query = { limit, ...(filter ? { filter } : {}) }
  return ask(api.GET(`${ONE}/recipients`, { params: { ...of(id), query } }))
}

/** By cell, who has it and who read it. The server writes each look down. */
export async function cells(id: number): Promise<AtCell[]> {
  return (await ask(api.GET(`${ONE}/cells`, { params: of(id) }))).items
}

/** What officers saw. The server writes each look down. */
export async function sightings(id: number): Promise<Sighting[]> {
  return (await ask(api.GET(`${ONE}/sightings`, { params: of(id) }))).items
}

export function answer(id: number, sighting: number, body: AnswerSaid): Promise<SightingHead> {
  const path = { bulletin_id: id, sighting_id: sighting }
  return once((key) => ask(api.POST(`${ONE}/sightings/{sighting_id}/answers`, { params: { path }, body, ...under(key) })))
}

/** Saves it as a CAP message. The server writes each time down. */
export function saveCap(id: number): Promise<void> {
  return save(`${BULLETINS}/${id}/cap`)
}

/** Takes another bureau's CAP message. */
export function importCap(body: CapImport): Promise<CapImported> {
  return once((key) => ask(api.POST(`${BULLETINS}/cap`, { body, ...under(key) })))
}

export function terms(): Promise<Terms> {
  return ask(api.GET(`${BULLETINS}/terms`))
}

export function write(body: NewBulletin): Promise<Detail> {
  return once((key) => ask(api.POST(BULLETINS, { body, ...under(key) })))
}

/** Changes the draft that has the tag. */
export function change(id: number, etag: string, body: Draft): Promise<Detail> {
  return ask(api.PUT(ONE, { params: { ...of(id), header: { 'If-Match': etag } }, body }))
}

export function step(id: number, body: StepDone): Promise<Detail> {
  return once((key) => ask(api.POST(`${ONE}/steps`, { params: of(id), body, ...under(key) })))
}
