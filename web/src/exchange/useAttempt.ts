import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import { Refusal } from '@/api/client'

export interface Attempts {
  busy: Ref<boolean>
  refusal: ShallowRef<Refusal | null>
  attempt: <Data>(work: () => Promise<Data>) => Promise<Data | null>
}

/** Does pieces of work one by one; what refuses one is shown until the next. */
export function useAttempt(): Attempts {
  const busy = ref(false)
  const refusal = shallowRef<Refusal | null>(null)

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
