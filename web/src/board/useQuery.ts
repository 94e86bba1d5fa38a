import { useRoute, useRouter, type LocationQuery, type LocationQueryRaw } from 'vue-router'

export interface QueryDoor {
  readonly query: () => LocationQuery
  /** Changes some names of the page's link; undefined takes one out. */
  patch(changes: Readonly<Record<string, string | undefined>>): void
}

/** The page's query, of which several parts of the page change their own names. */
export function useQuery(): QueryDoor {
  const route = useRoute()
  const router = useRouter()
  const { path } = route
  /** What was asked for and isn't in the link yet: the next change builds on it. */
  let pending: LocationQueryRaw | null = null

  async function patch(changes: Readonly<Record<string, string | undefined>>): Promise<void> {
    const next = { ...(pending ?? route.query), ...changes }
    pending = next
    // The page may have been left meanwhile.
    if (route.path === path) await router.replace({ query: next })
    if (pending === next) pending = null
  }

  return { query: () => route.query, patch: (changes) => void patch(changes) }
}
