import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { RouteLocation } from 'vue-router'

import { api, ask, Refusal, useCsrfToken } from '@/api/client'
import { newId } from '@/base/ids'
import type { Enrolled, Shown, Wanted } from '@/account/types'
import type { Account, Role, Session } from '@/api/types'
import { DEVICE_STORED_AS, forget, wipeDevice } from '@/live/wipe'
import { leaveFor, type Answer } from '@/login/provider'

const AT_A_DESK: ReadonlySet<Role> = new Set(['command', 'admin', 'gis_admin', 'auditor', 'wall'])

/** What every way of opening a session says of this page. */
const OPENING = { app: __APP_VERSION__, cookie: true }

const REVOKED = 'access.device_revoked'
/** Kept until the server has heard that the device was wiped. */
const WIPED_STORED_AS = 'gridserver.wiped'

/** A name of this browser's own: by it the server knows how far its inbox has been read. */
export function deviceName(): string {
  const name = localStorage.getItem(DEVICE_STORED_AS) ?? `browser-${newId()}`
  localStorage.setItem(DEVICE_STORED_AS, name)
  return name
}

/** Who is signed in, and which half of the front end is theirs. */
export const useSession = defineStore('session', () => {
  const account = ref<Account | null>(null)
  const csrfToken = ref('')
  /** The server's part of the key to what this device keeps; null where a PIN had to do. */
  const unlock = ref<string | null>(null)
  /** The server couldn't be asked: nobody knows whether the session stands. */
  const unreachable = ref(false)
  /** An admin revoked this device, and all that it kept is gone. */
  const revoked = ref(false)
  /** After so many seconds without a touch the desk is locked; null: never. */
  const idleLockS = ref<number | null>(null)
  /** It was locked when the page was opened. */
  const wasLocked = ref(false)
  /** Whether the account has a password here; else it is who the identity provider says. */
  const hasPassword = ref(true)
  const asked = ref(false)

  const side = computed<'command' | 'terminal'>(() =>
    account.value?.roles.some((each) => AT_A_DESK.has(each.role as Role)) ? 'command' : 'terminal',
  )
  const roles = computed(() => new Set(account.value?.roles.map((each) => each.role as Role)))
  /** The session only looks on, and stands as long as it does. */
  const isWall = computed(() => roles.value.has('wall'))
  const home = computed(() => {
    if (isWall.value) return '/wall'
    const drawsOnly = roles.value.has('gis_admin') && !roles.value.has('command')
    return drawsOnly ? '/grid' : `/${side.value}`
  })

  /** Whether a page is of this account's side and use. */
  function mayOpen({ meta }: Pick<RouteLocation, 'meta'>): boolean {
    const { side: itsSide, roles: its } = meta
    const isTheirs = its ? its.some((role) => roles.value.has(role)) : !isWall.value
    return (!itsSide || itsSide === side.value) && isTheirs
  }

  function take(session: Session | null): void {
    account.value = session?.account ?? null
    csrfToken.value = session?.csrf_token ?? ''
    unlock.value = session?.unlock ?? null
    wasLocked.value = session?.is_locked ?? false
    idleLockS.value = session?.idle_lock_s ?? null
    hasPassword.value = session?.has_password ?? true
    useCsrfToken(csrfToken.value)
  }

  /** Picks up the session of the cookie, once per page, and again as long as there's no signal. */
  async function restore(): Promise<void> {
    if (asked.value) return
    try {
      take(await ask(api.GET('/api/v1/sessions/current')))
      unreachable.value = false
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal
      take(null)
      unreachable.value = refusal.status === 0 || refusal.status >= 500
      await heed(refusal.code)
    }
    asked.value = !unreachable.value
  }

  /** Whether the session is locked now. */
  async function isLocked(): Promise<boolean> {
    return (await ask(api.GET('/api/v1/sessions/current'))).is_locked
  }

  /** Goes on without signal as the one who signed in here before. */
  function resume(kept: Account, token: string): void {
    account.value = kept
    csrfToken.value = token
    useCsrfToken(token)
    asked.value = true
  }

  /** Wipes a device that was revoked, and tells the server so. */
  async function heed(code: string): Promise<void> {
    if (code === REVOKED) {
      revoked.value = true
      await wipeDevice()
      localStorage.setItem(WIPED_STORED_AS, 'yes')
    }
    if (localStorage.getItem(WIPED_STORED_AS) === null) return
    try {
      await ask(api.POST('/api/v1/devices/wiped'))
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal
      // Without an answer it is said again by the next page.
      if (refusal.status === 0) return
    }
    localStorage.removeItem(WIPED_STORED_AS)
  }

  /** Signs in; or says what is wanted beside the password. */
  async function signIn(username: string, password: string): Promise<Wanted | null> {
    const body = { ...OPENING, username, password, device: deviceName() }
    const answer = await opening(() => ask(api.POST('/api/v1/sessions', { body })))
    return 'ticket' in answer ? answer : null
  }

  /** Signs in by what the bureau's identity provider answered; or says what is wanted besides. */
  async function signInByProvider(given: Answer): Promise<Wanted | null> {
    const body = { ...OPENING, ...given, device: deviceName() }
    const answer = await opening(() => ask(api.POST('/api/v1/sessions/provider', { body })))
    return 'ticket' in answer ? answer : null
  }

  /** Opens this browser's locked session by what the provider answered, in a page beside. */
  async function unlockByProvider(body: Answer): Promise<void> {
    useCsrfToken((await ask(api.GET('/api/v1/sessions/current'))).csrf_token)
    await ask(api.POST('/api/v1/sessions/current/unlock/provider', { body }))
  }

  /** Opens the session of a ticket by a second factor. */
  async function signInFurther(ticket: string, shown: Shown): Promise<void> {
    const body = { ...OPENING, ticket, ...shown }
    await opening(() => ask(api.POST('/api/v1/sessions/second', { body })))
  }

  /** Opens the session of a ticket by enrolling a first factor; the recovery codes come back, and
   *  the session counts once `goOn` is called. */
  async function signInEnrolled(ticket: string, shown: Shown, name: string): Promise<Enrolled> {
    const body = { ...OPENING, ticket, name, ...shown }
    const path = '/api/v1/sessions/enrolment/confirm'
    const made = await heeded(() => ask(api.POST(path, { body })))
    return { codes: made.recovery_codes, goOn: () => accept(made) }
  }

  async function opening(send: () => Promise<Session | Wanted>): Promise<Session | Wanted> {
    const answer = await heeded(send)
    if (!('ticket' in answer)) accept(answer)
    else if (answer.wants === 'device') {
      const { ticket, challenge } = answer
      // Nobody has to do anything for it.
      const { prove } = await import('@/login/enrolment')
      return opening(() => prove(ticket, challenge!, OPENING))
    }
    return answer
  }

  /** A refusal may be this device's end. */
  async function heeded<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    try {
      return await send()
    } catch (refusal) {
      if (refusal instanceof Refusal) await heed(refusal.code)
      throw refusal
    }
  }

  function accept(session: Session): void {
    take(session)
    asked.value = true
    revoked.value = false
  }

  /** Turns this session into a wall's, or lets it stand on as one; there is no way back but out. */
  async function putUpWall(): Promise<number> {
    const session = await ask(api.POST('/api/v1/sessions/current/wall'))
    take(session)
    return Date.parse(session.expires_at)
  }

  /** Ends the session; returns where the browser is to go to sign out at the provider too. */
  async function end(): Promise<string | null> {
    const there = await ask(api.DELETE('/api/v1/sessions/current'))
    take(null)
    forget(sessionStorage)
    return there?.url ?? null
  }

  async function signOut(): Promise<void> {
    leaveFor(await end())
  }

  /**
   * The session was refused. Another window of this browser may have opened the desk or signed in
   * meanwhile, which gave the cookie another token: whether this page goes on with that. Otherwise
   * the next page is the login, or the other account's.
   */
  async function pickUp(code: string): Promise<boolean> {
    const standing = code === REVOKED ? null : await present()
    if (standing === undefined) return true
    if (standing && standing.account.id === account.value?.id) {
      take(standing)
      return true
    }
    asked.value = standing === null
    take(null)
    await heed(code)
    return false
  }

  /** The session of this browser's cookie; null: there is none; undefined: nobody can say. */
  async function present(): Promise<Session | null | undefined> {
    try {
      return await ask(api.GET('/api/v1/sessions/current'))
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal
      return refusal.status === 0 || refusal.status >= 500 ? undefined : null
    }
  }

  return {
    account,
    csrfToken,
    unlock,
    unreachable,
    revoked,
    idleLockS,
    wasLocked,
    hasPassword,
    isLocked,
    side,
    roles,
    home,
    isWall,
    mayOpen,
    restore,
    resume,
    signIn,
    signInByProvider,
    unlockByProvider,
    signInFurther,
    signInEnrolled,
    end,
    signOut,
    putUpWall,
    pickUp,
  }
})
