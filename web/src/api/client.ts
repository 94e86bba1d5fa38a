/** The HTTP door: one typed client that carries the CSRF token, the language and the errors. */
import createClient, { type Middleware } from 'openapi-fetch'

import { measureOffset } from '@/base/clock'
import { newId } from '@/base/ids'
import type { paths } from './schema'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

const context = { csrfToken: '', locale: 'zh-CN' }

/** The token of the present session; empty after signing out. */
export function useCsrfToken(token: string): void {
  context.csrfToken = token
}

/** The language that the server's texts shall have. */
export function useRequestLocale(locale: string): void {
  context.locale = locale
}

/** An answer of the server (RFC 9457) or of the way to it, with a stable code. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly detail: string,
    readonly status: number,
    readonly body: Record<string, unknown> = {},
  ) {
    super(detail || code)
  }
}

/** The refusal of what is asked at a desk that is locked. */
const LOCKED = 'access.session_locked'
let opened: (() => Promise<void>) | null = null

/** Has `unlocking` called when a request finds the desk locked: it ends when that is open again. */
export function whenLocked(unlocking: (() => Promise<void>) | null): void {
  opened = unlocking
}

/** What every request carries beside its body. */
export function headersFor(method: string): Record<string, string> {
  const language = { 'Accept-Language': context.locale }
  const unsafe = !SAFE_METHODS.has(method) && context.csrfToken
  return unsafe ? { ...language, 'X-CSRF-Token': context.csrfToken } : language
}

const headers: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(headersFor(request.method))) {
      request.headers.set(name, value)
    }
    return request
  },
  onResponse({ response }) {
    measureOffset(response.headers.get('Date'))
    return response
  },
}

/** A page that is loaded at a locked desk waits with what it looks at, and has it once it is open. */
const patience: Middleware = {
  async onResponse({ request, response }) {
    if (!opened || response.status !== 403 || (await codeOf(response)) !== LOCKED) return response
    const unlocking = opened()
    if (!SAFE_METHODS.has(request.method)) return response
    await unlocking
    return fetch(request)
  },
}

async function codeOf(response: Response): Promise<unknown> {
  if (!response.headers.get('Content-Type')?.includes('json')) return undefined
  const body: unknown = await response.clone().json()
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
}

export const api = createClient<paths>({ baseUrl: window.location.origin })
api.use(headers, patience)

interface Reply<Data> {
  data?: Data
  error?: unknown
  response: Response
}

/** The refusal that a problem document (RFC 9457) tells of, or what came in its place. */
export function refusalOf(error: unknown, status: number): Refusal {
  const body = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const code = typeof body['code'] === 'string' ? body['code'] : `http.${status}`
  const detail = body['detail'] ?? body['title']
  return new Refusal(code, typeof detail === 'string' ? detail : '', status, body)
}

/** A body with the tag (RFC 9110, ETag) that a change of it must name. */
export interface Tagged<Data> {
  data: Data
  etag: string
}

/**
 * The body of a request that went well, and its tag.
 *
 * @throws Refusal with the server's code; `network.unreachable` where no answer came.
 */
export async function askTagged<Data>(request: Promise<Reply<Data>>): Promise<Tagged<Data>> {
  let reply: Reply<Data>
  try {
    reply = await request
  } catch (cause) {
    throw new Refusal('network.unreachable', cause instanceof Error ? cause.message : '', 0)
  }
  if (!reply.response.ok) throw refusalOf(reply.error, reply.response.status)
  return { data: reply.data as Data, etag: reply.response.headers.get('ETag') ?? '' }
}

/** The body alone; refuses as `askTagged` does. */
export async function ask<Data>(request: Promise<Reply<Data>>): Promise<Data> {
  return (await askTagged(request)).data
}

/** The header under which a change is made once, however often it is sent. */
export const KEY = 'Idempotency-Key'

/**
 * Has a change made under a key of its own. Whether one that got no answer was made nobody knows: it
 * is sent a second time under the same key, and so made once.
 */
export async function once<Data>(send: (key: string) => Promise<Data>): Promise<Data> {
  const key = newId()
  try {
    return await send(key)
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'network.unreachable') throw error
    return send(key)
  }
}
