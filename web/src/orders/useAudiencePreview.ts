/** Who an audience is at this moment, asked for shortly after each change. */
import { onScopeDispose, shallowRef, watch } from 'vue'

import { useAttempt } from '@/base/attempt'
import * as door from './door'
import { namesNobody, type Audience, type Preview } from './types'

const PAUSE_MS = 250

export function useAudiencePreview(unit: () => string, audience: () => Audience) {
  const { refusal, attempt } = useAttempt()
  const preview = shallowRef<Preview | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function look(): Promise<void> {
    const mine = ++asked
    if (!unit() || namesNobody(audience())) {
      preview.value = null
      return
    }
    const found = await attempt(() => door.preview(unit(), audience()))
    // What was asked before the choice changed is of no use any more.
    if (mine === asked) preview.value = found
  }

  watch(
    [unit, audience],
    () => {
      clearTimeout(timer)
      timer = setTimeout(() => void look(), PAUSE_MS)
    },
    { immediate: true, deep: true },
  )
  onScopeDispose(() => clearTimeout(timer))

  return { preview, refusal, look }
}
