import { onScopeDispose, ref, shallowRef, watch } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import type { Preview } from '@/api/types'
import { currentLocale } from '@/i18n'

interface Question {
  category: string
  lon: number
  lat: number
  priority?: number
}

const PAUSE_MS = 150

/** Who would get an incident and why, asked anew whenever the question changes. */
export function usePreview(question: () => Question | null) {
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
      preview.value = null
      failure.value = error
    }
    loading.value = false
  }

  watch(
    [() => JSON.stringify(question()), currentLocale],
    () => {
      clearTimeout(pause)
      latest++
      const body = question()
      if (!body) {
        preview.value = null
        return
      }
      loading.value = true
      pause = setTimeout(() => void load(body), PAUSE_MS)
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(pause))

  return { preview, failure, loading }
}
