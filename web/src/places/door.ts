/** What the gazetteer's page asks of the server. */
import { api, ask, askTagged, KEY, once, type Tagged } from '@/api/client'
import type { components } from '@/api/schema'
import type { Capture } from '@/api/types'

type Schemas = components['schemas']

export type Entry = Schemas['GazetteerEntry']
export type Listed = Schemas['FoundPlace']
export type Kind = Entry['kind']
export type Draft = Schemas['PlaceDraft']
export type ImportDraft = Schemas['PlaceImportDraft']
export type Import = Schemas['PlaceImport']
export type Written = Schemas['WrittenPart']

export const KINDS: readonly Kind[] = ['address', 'village', 'road', 'key_place', 'station', 'post']
export const UPLOADS = '/api/v1/places/uploads'
const PAGE = 30

export interface Asked {
  words: string
  kind: Kind | ''
  state: 'valid' | 'retired'
  near: { lon: number; lat: number } | null
}

export interface Page {
  items: Listed[]
  next: string | null
}

/** What the words may mean, the best first; without words the list, from a cursor on. */
export function places({ words, kind, state, near }: Asked, cursor?: string): Promise<Page> {
  const kinds = kind ? { kind: [kind] } : {}
  const query = words ? { q: words, limit: PAGE, ...near, ...kinds } : { state, limit: PAGE, cursor, ...kinds }
  return ask(api.GET('/api/v1/places', { params: { query } }))
}

export function entry(id: number): Promise<Tagged<Entry>> {
  return askTagged(api.GET('/api/v1/places/{place_id}', { params: { path: { place_id: id } } }))
}

export function add(body: Draft): Promise<Entry> {
  return once((key) => ask(api.POST('/api/v1/places', { params: { header: { [KEY]: key } }, body })))
}

export function change(id: number, etag: string, body: Draft): Promise<Entry> {
  return ask(api.PUT('/api/v1/places/{place_id}', { ...named(id, etag), body }))
}

export function retire(id: number, etag: string, reason: string): Promise<Entry> {
  return ask(api.POST('/api/v1/places/{place_id}/retire', { ...named(id, etag), body: { reason } }))
}

export function restore(id: number, etag: string): Promise<Entry> {
  return ask(api.POST('/api/v1/places/{place_id}/restore', named(id, etag)))
}

export function capture(id: number): Promise<Capture> {
  return ask(api.GET('/api/v1/captures/{capture_id}', { params: { path: { capture_id: id } } }))
}

/** Makes an entry of what was captured. */
export function enter(captured: number, body: Draft): Promise<Entry> {
  const path = { capture_id: captured }
  return once((key) => ask(api.POST('/api/v1/captures/{capture_id}/place', { params: { path, header: { [KEY]: key } }, body })))
}

export function startImport(body: ImportDraft): Promise<Import> {
  return once((key) => ask(api.POST('/api/v1/places/imports', { params: { header: { [KEY]: key } }, body })))
}

/** A part that is sent twice changes nothing. */
export function writePart(id: string, part: number): Promise<Written> {
  const path = { import_id: id, part }
  return ask(api.POST('/api/v1/places/imports/{import_id}/parts/{part}', { params: { path } }))
}

export function rejectsOf(id: string): string {
  return `/api/v1/places/imports/${id}/rejects`
}

function named(id: number, etag: string) {
  return { params: { path: { place_id: id }, header: { 'If-Match': etag } } }
}
