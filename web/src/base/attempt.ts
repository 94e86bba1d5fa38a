/** Work that the server may refuse: what is under way, and what refused the last of it. */
import { ref, shallowRef } from 'vue'

import { Refusal } from '@/api/client'

export function useAttempt() {
  const busy = ref(false)
  const refusal = shallowRef<Refusal | null>(null)

  /** Does a piece of work; what refuses it is kept until the next, and null comes back. */
  async function attempt<Data>(work: () => Promise<Data>): Promise<Data | null> {
    busy.value = true
    refusal.value = null
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refusal.value = error
      return null
    } finally {
      busy.value = false
    }
  }

  return { busy, refusal, attempt }
}
