import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { RouteLocation } from 'vue-router'

import { api, ask, Refusal, useCsrfToken } from '@/api/client'
import { newId } from '@/base/ids'
import type { Account, Role, Session } from '@/api/types'

const AT_A_DESK: ReadonlySet<Role> = new Set(['command', 'admin', 'gis_admin', 'auditor'])

const DEVICE_STORED_AS = 'gridserver.device'

/** A name of this browser's own: by it the server knows how far its inbox has been read. */
function deviceName(): string {
  const name = localStorage.getItem(DEVICE_STORED_AS) ?? `browser-${newId()}`
  localStorage.setItem(DEVICE_STORED_AS, name)
  return name
}

/** Who is signed in, and which half of the front end is theirs. */
export const useSession = defineStore('session', () => {
  const account = ref<Account | null>(null)
  const csrfToken = ref('')
  const asked = ref(false)

  const side = computed<'command' | 'terminal'>(() =>
    account.value?.roles.some((each) => AT_A_DESK.has(each.role as Role)) ? 'command' : 'terminal',
  )
  const roles = computed(() => new Set(account.value?.roles.map((each) => each.role as Role)))
  const home = computed(() => {
    const drawsOnly = roles.value.has('gis_admin') && !roles.value.has('command')
    return drawsOnly ? '/grid' : `/${side.value}`
  })

  /** Whether a page is of this account's side and use. */
  function mayOpen({ meta }: Pick<RouteLocation, 'meta'>): boolean {
    const { side: itsSide, roles: its } = meta
    const isTheirs = !its || its.some((role) => roles.value.has(role))
    return (!itsSide || itsSide === side.value) && isTheirs
  }

  function take(session: Session | null): void {
    account.value = session?.account ?? null
    csrfToken.value = session?.csrf_token ?? ''
    useCsrfToken(csrfToken.value)
  }

  /** Picks up the session of the cookie, once per page. */
  async function restore(): Promise<void> {
    if (asked.value) return
    try {
      take(await ask(api.GET('/api/v1/sessions/current')))
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal
      take(null)
    }
    asked.value = true
  }

  async function signIn(username: string, password: string): Promise<void> {
    const body = { username, password, device: deviceName(), cookie: true }
    take(await ask(api.POST('/api/v1/sessions', { body })))
    asked.value = true
  }

  async function signOut(): Promise<void> {
    await ask(api.DELETE('/api/v1/sessions/current'))
    take(null)
  }

  /** The server no longer knows the session: the next page is the login. */
  function lose(): void {
    take(null)
  }

  return { account, csrfToken, side, roles, home, mayOpen, restore, signIn, signOut, lose }
})
