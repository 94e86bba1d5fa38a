/** Enrolling this device by a code, and showing later that it is the one. */
import { api, ask, Refusal } from '@/api/client'
import type { components } from '@/api/schema'
import { keepPair, keptPair, makePair, publicKeyOf, sign } from '@/live/deviceKey'

type Said = { app: string; cookie: boolean }
export type Challenge = components['schemas']['Challenge']

const ENROLMENT = 'gridserver-enrolment'
const SIGN_IN = 'gridserver-sign-in'

export function begin(code: string): Promise<Challenge> {
  return ask(api.POST('/api/v1/devices/enrolment', { body: { code } }))
}

/** Binds this device, under its name, by a key pair: the one that it has, or one that it makes. */
export async function enrol(code: string, challenge: string, device: string, app: string): Promise<void> {
  const pair = (await keptPair()) ?? (await makePair())
  const signature = await sign(pair, ENROLMENT, code, challenge, device)
  const body = { code, device, app, public_key: await publicKeyOf(pair), signature }
  await ask(api.POST('/api/v1/devices/enrolment/confirm', { body }))
  await keepPair(pair)
}

/**
 * Shows that this is the device that was enrolled; a session comes back, or what is wanted besides.
 *
 * @throws Refusal `access.wrong_proof` where it has no key.
 */
export async function prove(ticket: string, challenge: string, said: Said) {
  const pair = await keptPair()
  if (!pair) throw new Refusal('access.wrong_proof', '', 401)
  const body = { ...said, ticket, signature: await sign(pair, SIGN_IN, challenge) }
  return ask(api.POST('/api/v1/sessions/device', { body }))
}
