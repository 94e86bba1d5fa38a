import { watch } from 'vue'

import { askedBy, filterOf, NAMES, queryOf, type Filter } from './filter'
import { useFilters } from './filters'
import type { QueryDoor } from './useQuery'

const NOTHING_ASKED = Object.fromEntries(NAMES.map((name) => [name, undefined]))

/**
 * Ties the board's filter to the page's link: a link that names a filter sets it, and one that names
 * none gets what the account asked for last.
 */
export function useFilterLink({ query, patch }: QueryDoor): void {
  const filters = useFilters()

  function write(): void {
    if (!same(filters.filter, filterOf(query()))) patch({ ...NOTHING_ASKED, ...queryOf(filters.filter) })
  }

  const linked = filterOf(query())
  filters.put(askedBy(linked).length ? linked : filters.kept())
  write()
  watch(() => filters.filter, write)
  // Back and forward, and links of the page to itself.
  watch(
    () => JSON.stringify(queryOf(filterOf(query()))),
    () => {
      const asked = filterOf(query())
      if (!same(filters.filter, asked)) filters.put(asked)
    },
  )
}

function same(one: Filter, other: Filter): boolean {
  return JSON.stringify(queryOf(one)) === JSON.stringify(queryOf(other))
}
