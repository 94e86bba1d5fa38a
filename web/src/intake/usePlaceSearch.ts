import { onScopeDispose, ref, shallowRef, watch } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import type { Place } from '@/map/usePickedPoint'
import { mayBeCode, optionsFor, type Option } from './options'
import { readPair } from './coordinates'

const PAUSE_MS = 120
const LIMIT = 8
/** Longer words are no name. */
const LONGEST_NAME = 60

/**
 * What the words in the place field may mean; places near `near` first. While `searching` the options
 * are still those of the words before.
 */
export function usePlaceSearch(words: () => string, near: () => Place | null) {
  const options = shallowRef<Option[]>([])
  const failure = shallowRef<Refusal | null>(null)
  const searching = ref(false)
  let pause: ReturnType<typeof setTimeout> | undefined
  let latest = 0

  async function search(said: string): Promise<void> {
    const mine = ++latest
    try {
      const found = await Promise.all([placesNamed(said, near()), cellsOf(said)])
      if (mine !== latest) return
      take(optionsFor(said, ...found))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (mine !== latest) return
      take(optionsFor(said, [], []))
      failure.value = error
    }
  }
  function take(found: Option[]): void {
    searching.value = false
    failure.value = null
    options.value = found
  }

  watch(words, (text) => {
    clearTimeout(pause)
    latest++
    const said = text.trim()
    if (!said || readPair(said)) return take([])
    searching.value = true
    pause = setTimeout(() => void search(said), PAUSE_MS)
  })
  onScopeDispose(() => clearTimeout(pause))

  return { options, searching, failure }
}

async function placesNamed(q: string, near: Place | null) {
  if (q.length > LONGEST_NAME) return []
  const query = { q, limit: LIMIT, ...(near ?? {}) }
  return (await ask(api.GET('/api/v1/places', { params: { query } }))).items
}

async function cellsOf(code: string) {
  if (!mayBeCode(code)) return []
  return (await ask(api.GET('/api/v1/grid/cells', { params: { query: { code, limit: 5 } } }))).items
}
