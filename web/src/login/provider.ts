/** Through the bureau's identity provider and back: what was begun is kept here, the rest by the
 *  server and its cookie. */
import type { LocationQuery } from 'vue-router'

import { api, ask, Refusal } from '@/api/client'
import type { components } from '@/api/schema'

export type Provider = components['schemas']['Provider']
export type Answer = components['schemas']['ProviderAnswer']

/** The page that the provider sends the browser back to. */
export const CALLBACK = '/login/provider'
const STORED_AS = 'gridserver.provider'

/** What somebody went there for; `to` is where they were going. */
export interface Errand {
  purpose: 'sign_in' | 'unlock'
  to: string
}

/** The installation's provider, if it has one. */
export async function provider(): Promise<Provider | null> {
  try {
    return (await ask(api.GET('/api/v1/sessions/ways'))).provider
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return null
  }
}

/** Begins; returns where the browser is to go. */
export async function begin(errand: Errand): Promise<string> {
  const { url } = await ask(api.POST('/api/v1/sessions/provider/begin'))
  localStorage.setItem(STORED_AS, JSON.stringify(errand))
  return url
}

/** Goes to sign out there too, where there is such a place. */
export function leaveFor(there: string | null): void {
  if (there) location.assign(there)
}

/** What was begun in this browser last. */
export function errand(): Errand {
  const kept = localStorage.getItem(STORED_AS)
  return kept ? (JSON.parse(kept) as Errand) : { purpose: 'sign_in', to: '' }
}

/**
 * What the provider added to the page's address; null where it added nothing.
 *
 * @throws Refusal `access.provider_denied` where it sent somebody back without an answer.
 */
export function answerOf({ code, state, iss, error }: LocationQuery): Answer | null {
  if (typeof error === 'string') throw new Refusal('access.provider_denied', error, 401)
  if (typeof code !== 'string' || typeof state !== 'string') return null
  return { code, state, ...(typeof iss === 'string' ? { iss } : {}) }
}
