import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

import { useNow } from '@/base/clock'
import { useFeed } from '@/stores/feed'
import { useSession } from '@/stores/session'
import { askedBy, filterOf, NO_FILTER, passes, queryOf, without, type Filter } from './filter'

/** What is late now is looked at so often. */
const TICK_MS = 5000

/**
 * The board's filter and what passes it. The queues and the map show `cards`; the link of the page
 * holds the filter, and this browser keeps it for the account, but for words and the
 * officer: they name somebody.
 */
export const useFilters = defineStore('filters', () => {
  const feed = useFeed()
  const session = useSession()
  const now = useNow()
  const filter = shallowRef<Filter>(NO_FILTER)

  const tick = computed(() => Math.floor(now.value / TICK_MS) * TICK_MS)
  const active = computed(() => askedBy(filter.value).length > 0)
  /** The live tasks that pass; all of them, and the same list, where nothing is asked. */
  const cards = computed(() => {
    if (!active.value) return feed.cards
    const at = filter.value.overdue ? tick.value : 0
    return feed.cards.filter((card) => passes(filter.value, card, at))
  })
  const ids = computed<ReadonlySet<number>>(() => new Set(cards.value.map(({ id }) => id)))

  function storedAs(): string {
    return `gridserver.filter.${session.account?.username ?? ''}`
  }
  function put(next: Filter): void {
    filter.value = next
    localStorage.setItem(storedAs(), new URLSearchParams(queryOf(without(without(next, 'q'), 'officer'))).toString())
  }
  /** What this account asked for here when it looked last. */
  function kept(): Filter {
    const query = new URLSearchParams(localStorage.getItem(storedAs()) ?? '')
    return filterOf(Object.fromEntries(query))
  }

  return { filter, active, cards, ids, put, kept }
})
