/** What the pages of supervision ask of the server. */
import { api, ask, KEY, once } from '@/api/client'
import { everyPage } from '@/api/pages'
import type { components } from '@/api/schema'
import type { Officer, Task } from '@/api/types'
import { queryOf, type Filter } from '@/board/filter'

export type Incident = components['schemas']['Incident']
export type IncidentPage = components['schemas']['IncidentPage']
export type ReviewCard = components['schemas']['ReviewCard']
export type Review = components['schemas']['Review']
export type Lesson = Review['lessons'][number]
export type Mobilisation = components['schemas']['Order']
export type DayLog = components['schemas']['DayLog']
export type LogEntry = DayLog['entries'][number]
export type WatchReport = components['schemas']['WatchReport']
export type WatchPreview = components['schemas']['WatchPreview']
export type HandoverCard = components['schemas']['HandoverCard']
export type Handover = components['schemas']['Handover']

const PAGE = 50

/** What a link asks of the list; without a state it asks for all. */
export function askedOf(filter: Filter): Record<string, string> {
  return { state: 'all', ...queryOf(filter) }
}

export function incidents(filter: Filter, cursor?: string): Promise<IncidentPage> {
  const query = { ...askedOf(filter), limit: PAGE, cursor }
  return ask(api.GET('/api/v1/incidents', { params: { query } }))
}

export function incident(id: number): Promise<Incident> {
  return ask(api.GET('/api/v1/incidents/{incident_id}', { params: { path: { incident_id: id } } }))
}

export function task(id: number): Promise<Task> {
  return ask(api.GET('/api/v1/tasks/{task_id}', { params: { path: { task_id: id } } }))
}

export function reviews(): Promise<ReviewCard[]> {
  const page = (cursor?: string) => ask(api.GET('/api/v1/reviews', { params: { query: { limit: 200, cursor } } }))
  return everyPage(page)
}

export function review(id: number): Promise<Review> {
  return ask(api.GET('/api/v1/reviews/{review_id}', { params: { path: { review_id: id } } }))
}

/** What a review is begun about: incidents by id, or a mobilisation that is over. */
export interface About {
  title: string
  incidents?: number[]
  mobilisation?: number
}

export function beginReview(body: About): Promise<Review> {
  return once((key) => ask(api.POST('/api/v1/reviews', { params: { header: { [KEY]: key } }, body })))
}

const path = (id: number) => ({ params: { path: { review_id: id } } })

export function remark(id: number, text: string, event: number | null): Promise<Review> {
  return ask(api.POST('/api/v1/reviews/{review_id}/remarks', { ...path(id), body: { text, event } }))
}

export function learn(id: number, body: { text: string; owner: string; due_on: string }): Promise<Review> {
  return ask(api.POST('/api/v1/reviews/{review_id}/lessons', { ...path(id), body }))
}

export function submit(id: number, conclusion: string): Promise<Review> {
  return ask(api.POST('/api/v1/reviews/{review_id}/submit', { ...path(id), body: { conclusion } }))
}

export function sendBack(id: number, text: string): Promise<Review> {
  return ask(api.POST('/api/v1/reviews/{review_id}/send-back', { ...path(id), body: { text } }))
}

export function signOff(id: number): Promise<Review> {
  return ask(api.POST('/api/v1/reviews/{review_id}/sign-off', path(id)))
}

export function settle(id: number, lesson: number, text: string): Promise<Review> {
  const params = { path: { review_id: id, lesson_id: lesson } }
  return ask(api.POST('/api/v1/reviews/{review_id}/lessons/{lesson_id}/settle', { params, body: { text } }))
}

/** The mobilisations that are over, the last first. */
export async function pastMobilisations(): Promise<Mobilisation[]> {
  const found = await ask(api.GET('/api/v1/dispatch/mobilisations', { params: { query: { state: 'all', limit: 100 } } }))
  return found.items.filter(({ state }) => state === 'over')
}

/** An officer's day; without a number one's own. */
export function dayLog(date: string, officer?: string): Promise<DayLog> {
  return ask(api.GET('/api/v1/day-log', { params: { query: { date, officer } } }))
}

export async function officersLike(q: string): Promise<Officer[]> {
  return (await ask(api.GET('/api/v1/force/officers', { params: { query: { q, limit: 20 } } }))).items
}

/**
 * A room's watch: the unit's code, from when to when (RFC 3339). What isn't said is the server's to
 * say: from where the last watch ended, and up to the moment of the handing over.
 */
export interface Watch {
  unit: string
  from?: string
  to?: string
}

export function previewWatch(query: Watch): Promise<WatchPreview> {
  return ask(api.GET('/api/v1/handovers/preview', { params: { query } }))
}

export async function handovers(): Promise<HandoverCard[]> {
  return (await ask(api.GET('/api/v1/handovers', { params: { query: { limit: 100 } } }))).items
}

export function handover(id: number): Promise<Handover> {
  return ask(api.GET('/api/v1/handovers/{handover_id}', { params: { path: { handover_id: id } } }))
}

export function give(body: Watch & { remark: string }): Promise<Handover> {
  return once((key) => ask(api.POST('/api/v1/handovers', { params: { header: { [KEY]: key } }, body })))
}

export function take(id: number, remark: string): Promise<Handover> {
  const params = { path: { handover_id: id } }
  return ask(api.POST('/api/v1/handovers/{handover_id}/take', { params, body: { remark } }))
}
