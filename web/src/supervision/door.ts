/** What the pages of supervision ask of the server. */
import { api, ask } from '@/api/client'
import type { components } from '@/api/schema'
import type { Task } from '@/api/types'
import { queryOf, type Filter } from '@/board/filter'

export type Incident = components['schemas']['Incident']
export type IncidentPage = components['schemas']['IncidentPage']

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
