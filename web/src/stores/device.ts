import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import type { Account } from '@/api/types'
import { noEarlier } from '@/base/clock'
import { DeviceDatabase } from '@/live/deviceDatabase'
import { Keeping, type PinResult } from '@/live/keeping'
import { pending } from '@/live/outbox'
import { MemoryShelf } from '@/live/shelf'
import { TerminalStorage } from '@/live/storage'
import { canSeal } from '@/live/vault'
import { useSession } from './session'

const LAST_STORED_AS = 'gridserver.account'
const SELF = 'self'
const LOOKED_AT_EVERY_MS = 60_000

/** What is needed to go on without signal as the one who signed in. */
interface Kept {
  account: Account
  csrfToken: string
}

/** How an account's records can be opened without signal; `empty` has none. */
export type Lock = 'pin' | 'no_pin' | 'empty'

/** What this device keeps for the account, and when it lets go of it. */
export const useDevice = defineStore('device', () => {
  const session = useSession()
  const storage = shallowRef<TerminalStorage | null>(null)
  const hasPin = ref(false)
  /** What was received has been wiped since the page was opened, for want of contact. */
  const wasWiped = ref(false)
  let keeping: Keeping | null = null
  let timer: ReturnType<typeof setInterval> | undefined

  /** Whether anything outlasts a reload. */
  const lasts = computed(() => storage.value?.lasts ?? false)

  function lastAccount(): string | null {
    return canSeal() ? localStorage.getItem(LAST_STORED_AS) : null
  }

  /** Opens what is kept for whoever is signed in; false where only their PIN can. */
  async function open(): Promise<boolean> {
    if (storage.value) return true
    const { account, unlock } = session
    if (!unlock || !canSeal()) {
      storage.value = new TerminalStorage(new MemoryShelf(), false)
      return true
    }
    keeping ??= new Keeping(account!.username)
    if (!(await keeping.openOnline(unlock))) return false
    await opened()
    return true
  }

  /** How what was kept for the last account can be opened without signal. */
  async function lockOf(username: string): Promise<Lock> {
    if (!(await DeviceDatabase.exists(username))) return 'empty'
    keeping ??= new Keeping(username)
    wasWiped.value = await keeping.wipeIfAway()
    hasPin.value = await keeping.hasPin()
    if (!(await keeping.isMade())) return 'empty'
    return hasPin.value ? 'pin' : 'no_pin'
  }

  /** Opens by the PIN and, without signal, goes on as the account that it belongs to. */
  async function openByPin(pin: string): Promise<PinResult> {
    const result = await keeping!.openByPin(pin, session.unlock)
    hasPin.value = await keeping!.hasPin()
    if (result !== 'open') return result
    await opened()
    if (session.account) return result
    // Nobody says the time: it is no earlier than the clock has shown before this page.
    noEarlier(await keeping!.latestMs())
    const kept = await storage.value!.records<Kept>('account').get(SELF)
    if (kept) session.resume(kept.account, kept.csrfToken)
    return result
  }

  async function opened(): Promise<void> {
    wasWiped.value = (await keeping!.wipeIfAway()) || wasWiped.value
    storage.value = keeping!.storage()
    hasPin.value = await keeping!.hasPin()
    if (!session.account) return
    const { account, csrfToken } = session
    await storage.value.records<Kept>('account').put(SELF, { account, csrfToken })
    localStorage.setItem(LAST_STORED_AS, account.username)
  }

  /** Looks after the contact as long as the terminal is open; `onWiped` forgets what is on screen. */
  function watchContact(isLive: () => boolean, onWiped: () => void): void {
    const look = async () => {
      if (!keeping) return
      if (isLive()) return keeping.touch()
      if (!(await keeping.wipeIfAway())) return
      wasWiped.value = true
      onWiped()
    }
    timer = setInterval(() => void look(), LOOKED_AT_EVERY_MS)
    void look()
  }

  async function touch(): Promise<void> {
    wasWiped.value = false
    await keeping?.touch()
  }

  async function setPin(pin: string, old: string | null): Promise<PinResult> {
    if (old === null) await keeping!.setPin(pin, session.unlock!)
    const result = old === null ? 'open' : await keeping!.changePin(pin, old)
    hasPin.value = await keeping!.hasPin()
    return result
  }

  async function pinWaitMs(): Promise<number> {
    return (await keeping?.pinWaitMs()) ?? 0
  }

  /** Whether the server hasn't had yet all that was done and taken here. */
  async function owes(): Promise<boolean> {
    if (!storage.value) return false
    const photos = await storage.value.records('photos').all()
    return photos.size > 0 || pending(await storage.value.outbox()).length > 0
  }

  /** Signing out leaves nothing, or only what the server hasn't had yet, which the next login opens. */
  async function leave(owes: boolean): Promise<void> {
    if (owes) await keeping?.lock()
    else await keeping?.delete()
    localStorage.removeItem(LAST_STORED_AS)
    close()
  }

  function close(): void {
    clearInterval(timer)
    keeping?.close()
    keeping = null
    storage.value = null
  }

  return {
    storage,
    lasts,
    hasPin,
    wasWiped,
    lastAccount,
    open,
    lockOf,
    openByPin,
    pinWaitMs,
    setPin,
    touch,
    watchContact,
    owes,
    leave,
    close,
  }
})
