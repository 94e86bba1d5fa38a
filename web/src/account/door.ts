/** What the account's own page, and the way in, ask of the server. */
import { api, ask } from '@/api/client'
import type { components } from '@/api/schema'
import type { Enrolment, FactorKind, Factors, Shown } from './types'

export type OwnSession = components['schemas']['OwnSession']

const FACTORS = '/api/v1/second-factors'

export function factors(): Promise<Factors> {
  return ask(api.GET(FACTORS))
}

/** Begins to enrol a factor of one's own. */
export function enrol(kind: FactorKind, password: string): Promise<Enrolment> {
  return ask(api.POST(FACTORS, { body: { kind, password } }))
}

/** Finishes it; recovery codes come with the first factor. */
export async function confirm(shown: Shown, name: string): Promise<string[]> {
  return (await ask(api.POST(`${FACTORS}/confirm`, { body: { ...shown, name } }))).recovery_codes
}

/** Begins to enrol the factor that a sign-in wants. */
export function enrolFirst(kind: FactorKind, ticket: string): Promise<Enrolment> {
  return ask(api.POST('/api/v1/sessions/enrolment', { body: { kind, ticket } }))
}

export function remove(factor_id: number, password: string): Promise<Factors> {
  const params = { path: { factor_id } }
  return ask(api.POST(`${FACTORS}/{factor_id}/remove`, { params, body: { password } }))
}

export async function renewCodes(password: string): Promise<string[]> {
  const body = { password }
  return (await ask(api.POST(`${FACTORS}/recovery-codes`, { body }))).recovery_codes
}

/** Changes the password; says how many other sessions that ended. */
export async function changePassword(password: string, new_password: string): Promise<number> {
  const body = { password, new_password }
  return (await ask(api.PUT('/api/v1/sessions/current/password', { body }))).ended
}

export async function sessions(): Promise<OwnSession[]> {
  return (await ask(api.GET('/api/v1/sessions'))).items
}

export async function endSession(session_id: string): Promise<void> {
  await ask(api.DELETE('/api/v1/sessions/{session_id}', { params: { path: { session_id } } }))
}

export async function endOthers(): Promise<void> {
  await ask(api.DELETE('/api/v1/sessions'))
}
