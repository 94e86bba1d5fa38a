import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'

import { Refusal } from '@/api/client'

/** A picture of days doesn't change within minutes. */
const EVERY_MS = 300_000

/**
 * What the server says over so many days, asked for again every few minutes; nothing is asked while
 * `days` is null. What stood stays where the server doesn't answer.
 */
export function usePeriodic<Answer>(
  days: () => number | null,
  ask: (days: number) => Promise<Answer>,
  none: Answer,
): Readonly<Ref<Answer>> {
  const answer = shallowRef(none) as Ref<Answer>

  async function load(): Promise<void> {
    const asked = days()
    if (asked === null) return
    try {
      const found = await ask(asked)
      if (days() === asked) answer.value = found
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
  }
  const asking = setInterval(() => void load(), EVERY_MS)
  onScopeDispose(() => clearInterval(asking))
  watch(days, load, { immediate: true })
  return answer
}
