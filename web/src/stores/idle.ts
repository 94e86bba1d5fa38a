import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

import { api, ask, Refusal, whenLocked } from '@/api/client'
import { isIdle, lastTouch, note, REPORTS_EVERY_MS, touched } from '@/account/idle'
import { useSession } from './session'

const LOOKS_EVERY_MS = 5000
const SESSION_GONE = 'access.unauthenticated'
const TOUCHES = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const

/** A desk that nobody touches: the page is locked over what is open, which stays as it is. */
export const useIdle = defineStore('idle', () => {
  const session = useSession()
  const locked = ref(false)
  let reportedAt = 0
  let timer: ReturnType<typeof setInterval> | undefined

  const afterMs = computed(() => (session.account ? (session.idleLockS ?? 0) * 1000 : 0))

  const touch = () => {
    if (!locked.value) touched(Date.now())
  }

  /** Reports what was touched, and locks what wasn't. */
  async function look(): Promise<void> {
    if (locked.value) return
    const now = Date.now()
    if (isIdle(lastTouch(), now, afterMs.value)) return lock()
    if (lastTouch() <= reportedAt || now - reportedAt < REPORTS_EVERY_MS) return
    reportedAt = now
    await told(ask(api.POST('/api/v1/sessions/current/activity')))
  }

  async function lock(): Promise<void> {
    locked.value = true
    await told(ask(api.POST('/api/v1/sessions/current/lock')))
  }

  async function unlock(password: string): Promise<void> {
    try {
      await ask(api.POST('/api/v1/sessions/current/unlock', { body: { password } }))
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== SESSION_GONE) throw error
      // It ended under the lock; or its new cookie came while the answer to this page got lost.
      if (!(await session.pickUp(error.code)) || session.wasLocked) return
    }
    locked.value = false
    note(Date.now())
  }

  /** What a request that found the desk locked waits for. */
  function unlocking(): Promise<void> {
    locked.value = true
    return new Promise((open) => {
      const stop = watch(locked, (is) => {
        if (is) return
        stop()
        open()
      })
    })
  }

  /** Another page of this browser was unlocked, and with it the session. */
  const heard = (event: StorageEvent) => {
    if (event.key === 'gridserver.touched') void session.isLocked().then((is) => (locked.value = is))
  }

  function start(): void {
    touched(Date.now())
    reportedAt = Date.now()
    for (const each of TOUCHES) window.addEventListener(each, touch, { capture: true, passive: true })
    window.addEventListener('storage', heard)
    timer = setInterval(() => void look(), LOOKS_EVERY_MS)
    whenLocked(unlocking)
  }
  function stop(): void {
    for (const each of TOUCHES) window.removeEventListener(each, touch, { capture: true })
    window.removeEventListener('storage', heard)
    clearInterval(timer)
    whenLocked(null)
    locked.value = false
  }

  watch(
    afterMs,
    (now, before) => {
      if (before) stop()
      if (now) {
        start()
        locked.value = session.wasLocked
      }
    },
    { immediate: true },
  )

  return { locked, lock, unlock }
})

/** What is told may fail: the server locks by its own clock. */
async function told(request: Promise<unknown>): Promise<void> {
  try {
    await request
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
  }
}
