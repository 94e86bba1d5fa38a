/**
 * The paths that the front end asks, in the form that openapi-typescript writes.
 * `npm run types` replaces this file with the one generated from the server's description.
 */
import type * as t from './types'

type Json<Body> = { content: { 'application/json': Body } }
type Problem = {
  content: {
    'application/problem+json': { code: string; title?: string; detail?: string; field?: string }
  }
}
type Answer<Status extends number, Body> = { responses: Record<Status, Json<Body>> & { default: Problem } }
type Empty = { responses: { 204: { content?: never }; default: Problem } }
type Query<Q> = { parameters: { query?: Q } }
type Path<P> = { parameters: { path: P } }
type Body<B> = { requestBody: Json<B> }
type Page<Item> = { items: Item[]; next: string | null }

export interface paths {
  '/api/v1/sessions': {
    post: Body<{ username: string; password: string; device?: string; cookie?: boolean }> &
      Answer<201, t.Session>
  }
  '/api/v1/sessions/current': { get: Answer<200, t.Session>; delete: Empty }
  '/api/v1/bureau': { get: Answer<200, t.Bureau> }
  '/api/v1/units': {
    get: Query<{ kind?: string; limit?: number; cursor?: string }> & Answer<200, Page<t.Unit>>
  }
  '/api/v1/categories': { get: Answer<200, Page<t.Category>> }
  '/api/v1/incidents': { post: Body<t.NewIncident> & Answer<201, t.Incident> }
  '/api/v1/incidents/preview': {
    post: Body<{ category: string; lon: number; lat: number; priority?: t.Priority }> &
      Answer<200, t.Preview>
  }
  '/api/v1/tasks/{task_id}': { get: Path<{ task_id: number }> & Answer<200, t.Task> }
  '/api/v1/tasks/{task_id}/commands': {
    post: Path<{ task_id: number }> &
      Body<{ id: string; verb: t.Verb; occurred_at: string; data: Record<string, unknown> }> &
      Answer<200, { status: 'done'; task: t.Task }>
  }
  '/api/v1/force/officers': {
    get: Query<{ q?: string; unit?: string; limit?: number; cursor?: string }> &
      Answer<200, Page<t.Officer>>
  }
}
