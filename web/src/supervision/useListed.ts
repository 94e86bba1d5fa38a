import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'

import type { Refusal } from '@/api/client'
import { useAttempt } from '@/base/attempt'
import { useQuery, type QueryDoor } from '@/board/useQuery'

export interface Listed<Card, One> extends QueryDoor {
  readonly cards: ShallowRef<readonly Card[]>
  /** The one that the link names, whole; null where it names none. */
  readonly shown: ShallowRef<One | null>
  /** Its id. */
  readonly chosen: ComputedRef<number | null>
  readonly refusal: ShallowRef<Refusal | null>
  /** Asks for both. Throws a `Refusal`. */
  open(): Promise<void>
  choose(id: number | null): void
  /** Shows one as a command has left it, in the list too. */
  changed(present: One): void
}

/** A list, and beside it the one that the page's link names: `?id=3`. */
export function useListed<Card, One>(list: () => Promise<Card[]>, one: (id: number) => Promise<One>): Listed<Card, One> {
  const { query, patch } = useQuery()
  const { refusal, attempt } = useAttempt()
  const cards = shallowRef<readonly Card[]>([])
  const shown = shallowRef<One | null>(null)
  const chosen = computed(() => Number(query()['id']) || null)

  async function refresh(): Promise<void> {
    cards.value = await list()
  }
  async function show(): Promise<void> {
    const wanted = chosen.value
    const found = wanted === null ? null : await one(wanted)
    // What was asked before another was chosen is of no use any more.
    if (wanted === chosen.value) shown.value = found
  }
  async function open(): Promise<void> {
    await Promise.all([refresh(), show()])
  }
  function choose(id: number | null): void {
    patch({ id: id === null ? undefined : String(id) })
  }
  function changed(present: One): void {
    shown.value = present
    void attempt(refresh)
  }
  watch(chosen, () => attempt(show))

  return { query, patch, cards, shown, chosen, refusal, open, choose, changed }
}
