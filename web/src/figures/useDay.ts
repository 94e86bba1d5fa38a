import { onScopeDispose, shallowRef, watch } from 'vue'

import { useAttempt } from '@/base/attempt'
import { useFeed } from '@/stores/feed'
import { day } from './door'
import { throttled } from './throttle'
import type { DayFigures, SpanKind } from './types'

/** Events may come by the hundred; the figures follow them this often. */
const AT_MOST_EVERY_MS = 2000
/** Deadlines pass and hours change without an event. */
const AT_LEAST_EVERY_MS = 20_000

/** The figures of the day, as live as the feed. */
export function useDay(span: () => SpanKind, station: () => string) {
  const feed = useFeed()
  const { refusal, attempt } = useAttempt()
  const figures = shallowRef<DayFigures | null>(null)

  async function load(): Promise<void> {
    const asked = [span(), station()] as const
    const found = await attempt(() => day(...asked))
    // What was asked for before isn't wanted any more.
    if (found && asked[0] === span() && asked[1] === station()) figures.value = found
  }
  const refresh = throttled(load, AT_MOST_EVERY_MS)
  const asking = setInterval(refresh.ask, AT_LEAST_EVERY_MS)
  watch(() => feed.state.seq, refresh.ask)
  watch([span, station], () => void load())
  onScopeDispose(() => {
    clearInterval(asking)
    refresh.stop()
  })

  return { figures, refusal, load }
}
