import { onMounted, onScopeDispose, ref, watch } from 'vue'
import { useRouter } from 'vue-router'

import { useAttempt } from '@/base/attempt'
import { serverNow } from '@/base/clock'
import { useSession } from '@/stores/session'
import { servedBuild, sessionEnd } from './door'

const EVERY_MS = 60_000
/** A wall's session is prolonged as soon as it has stood for so long. */
const PROLONGED_AFTER_MS = 3_600_000

/**
 * Keeps the wall up for days: the screen stays awake, a new build is loaded once it is served, a
 * wall's own session is prolonged, and where a session ends the sign-in leads back here.
 */
export function useStayingUp() {
  const router = useRouter()
  const session = useSession()
  const { busy, refusal, attempt } = useAttempt()
  /** When the session ends; null until it is known. */
  const endsAt = ref<number | null>(null)
  let loaded: string | null = null
  let prolongedAt = 0
  let awake: WakeLockSentinel | null = null

  async function look(): Promise<void> {
    const served = await servedBuild()
    loaded ??= served
    // One that can't be had leaves the page as it is.
    if (served !== null && served !== loaded) window.location.reload()
    const isDue = session.isWall && serverNow() - prolongedAt > PROLONGED_AFTER_MS
    await (isDue ? putUp() : attempt(sessionEnd).then((end) => (endsAt.value = end ?? endsAt.value)))
  }
  /** Has the session look on from now on, and stand as long as it does. */
  async function putUp(): Promise<boolean> {
    const end = await attempt(session.putUpWall)
    if (end === null) return false
    endsAt.value = end
    prolongedAt = serverNow()
    return true
  }
  /** The screen may sleep again as soon as the page was out of sight: it is asked for anew. */
  async function stayAwake(): Promise<void> {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return
    // A device that is short of power may refuse, and that is for the device to decide.
    awake = await navigator.wakeLock.request('screen').catch(() => null)
  }

  const looking = setInterval(() => void look(), EVERY_MS)
  onMounted(() => {
    void look()
    void stayAwake()
    document.addEventListener('visibilitychange', stayAwake)
  })
  onScopeDispose(() => {
    clearInterval(looking)
    document.removeEventListener('visibilitychange', stayAwake)
    void awake?.release()
  })
  watch(
    () => session.account,
    (account) => {
      if (!account) void router.replace({ path: '/login', query: { to: '/wall' } })
    },
  )

  return { endsAt, busy, refusal, putUp }
}
