/** What the account's own page, and the way in, ask of the server. */
import { api, ask } from '@/api/client'
import type { components } from '@/api/schema'
import type { Enrolment, FactorKind, Factors, Given, Shown, Wanted } from './types'

export type OwnSession = components['schemas']['OwnSession']
type RecoveryCodes = components['schemas']['RecoveryCodes']
type Ended = components['schemas']['Ended']

const FACTORS = '/api/v1/second-factors'

/** What is wanted besides of who asks for a change; null once it is made, and `take` has been given
 *  what came of it. */
export async function tried<Done>(
  asked: Promise<Done | Wanted>,
  take: (done: Done) => void,
): Promise<Wanted | null> {
  const answer = await asked
  if (isWanted(answer)) return answer
  take(answer)
  return null
}

function isWanted(answer: unknown): answer is Wanted {
  return typeof answer === 'object' && answer !== null && 'ticket' in answer
}

export function factors(): Promise<Factors> {
  return ask(api.GET(FACTORS))
}

/** Begins to enrol a factor of one's own. */
export function enrol(kind: FactorKind, given: Given): Promise<Enrolment | Wanted> {
  return ask(api.POST(FACTORS, { body: { kind, ...given } }))
}

/** Finishes it; recovery codes come with the first factor. */
export async function confirm(shown: Shown, name: string): Promise<string[]> {
  return (await ask(api.POST(`${FACTORS}/confirm`, { body: { ...shown, name } }))).recovery_codes
}

/** Begins to enrol the factor that a sign-in wants. */
export function enrolFirst(kind: FactorKind, ticket: string): Promise<Enrolment> {
  return ask(api.POST('/api/v1/sessions/enrolment', { body: { kind, ticket } }))
}

export function remove(factor_id: number, body: Given): Promise<Factors | Wanted> {
  const params = { path: { factor_id } }
  return ask(api.POST(`${FACTORS}/{factor_id}/remove`, { params, body }))
}

export function renewCodes(body: Given): Promise<RecoveryCodes | Wanted> {
  return ask(api.POST(`${FACTORS}/recovery-codes`, { body }))
}

/** Changes the password; says how many other sessions that ended. */
export async function changePassword(password: string, new_password: string): Promise<number> {
  const body = { password, new_password }
  return (await ask(api.PUT('/api/v1/sessions/current/password', { body }))).ended
}

export async function sessions(): Promise<OwnSession[]> {
  return (await ask(api.GET('/api/v1/sessions'))).items
}

export function endSession(session_id: string, body: Given): Promise<undefined | Wanted> {
  const params = { path: { session_id } }
  return ask(api.POST('/api/v1/sessions/{session_id}/end', { params, body }))
}

export function endOthers(body: Given): Promise<Ended | Wanted> {
  return ask(api.POST('/api/v1/sessions/others/end', { body }))
}
