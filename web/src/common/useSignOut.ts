import { useRouter } from 'vue-router'

import { useAttempt } from '@/base/attempt'
import { leaveFor } from '@/login/provider'
import { useDevice } from '@/stores/device'
import { useSession } from '@/stores/session'

/** Signing out, at a desk or a handheld, from whichever page. */
export function useSignOut() {
  const router = useRouter()
  const session = useSession()
  const device = useDevice()
  const { busy, refusal, attempt } = useAttempt()

  async function leave(): Promise<void> {
    if (session.side === 'command') return session.signOut()
    // What only the PIN opens may hold what the server hasn't had yet.
    if (!(await device.open())) return void (await router.replace('/terminal/lock'))
    const owes = await device.owes()
    const there = await session.end()
    await device.leave(owes)
    leaveFor(there)
  }
  return { busy, refusal, signOut: () => attempt(leave) }
}
