import { defineStore } from 'pinia'
import { computed, watch } from 'vue'

import { pending, saidTo, settledSwaps } from '@/live/outbox'
import { waitsForReader } from '@/terminal/duty/own'
import type { Swap, SwapVerb } from '@/terminal/duty/types'
import { useInbox } from './inbox'
import { useOutbox } from './outbox'
import { useOwnDuty } from './ownDuty'

/** What the officer says to swaps, with or without signal, and which of them still wait for it. */
export const useOwnSwaps = defineStore('ownSwaps', () => {
  const inbox = useInbox()
  const outbox = useOutbox()
  const own = useOwnDuty()

  const swaps = computed(() => own.duty?.swaps ?? [])
  const waiting = computed(() => swaps.value.filter((each) => waitsForReader(each) && !isAnswering(each)).length)

  /** Whether something that was said to a swap has no answer yet. */
  function isAnswering(swap: Swap): boolean {
    return saidTo(pending(outbox.entries), { swap: swap.id }).length > 0
  }

  function say(swap: Swap, verb: SwapVerb): Promise<string> {
    return outbox.give({ swap: swap.id }, verb, {})
  }

  // Whatever was answered, also a refusal, the duty may be another by now.
  watch(
    () => settledSwaps(outbox.entries).length,
    () => {
      if (inbox.linkState === 'live') void own.load()
    },
  )

  return { swaps, waiting, isAnswering, say }
})
