import { onScopeDispose, ref, shallowRef, watch } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import type { Preview } from '@/api/types'
import { currentLocale } from '@/i18n'
import { useFeed } from '@/stores/feed'
import type { questionOf } from './call'

type Question = NonNullable<ReturnType<typeof questionOf>>

const PAUSE_MS = 150

/**
 * Where a call would lie, who would get it and why: asked anew whenever the question changes, and
 * when a lost link is back.
 */
export function usePreview(question: () => Question | null) {
  const feed = useFeed()
  const preview = shallowRef<Preview | null>(null)
  const failure = shallowRef<Refusal | null>(null)
  const loading = ref(false)
  let pause: ReturnType<typeof setTimeout> | undefined
  let latest = 0

  async function load(body: Question): Promise<void> {
    const mine = ++latest
    try {
      const answer = await ask(api.POST('/api/v1/incidents/preview', { body }))
      if (mine !== latest) return
      preview.value = answer
      failure.value = null
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (mine !== latest) return
      // Without an answer what was known of the place is still the best that is known.
      if (error.status !== 0) preview.value = null
      failure.value = error
    }
    loading.value = false
  }

  watch(
    [() => JSON.stringify(question()), currentLocale, () => feed.linkState === 'live'],
    ([asked], [before]) => {
      clearTimeout(pause)
      latest++
      const body = question()
      loading.value = body !== null
      if (!body) {
        preview.value = null
        failure.value = null
        return
      }
      pause = setTimeout(() => void load(body), asked === before ? 0 : PAUSE_MS)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(pause))

  return { preview, failure, loading }
}
