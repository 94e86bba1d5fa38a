/** The board by the keyboard: through the rows, open one, mark several. */
import { ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'

import { NO_MARKS, ranged, rowAt, stillShown, toggled, type Marks } from './walk'

export interface BoardKeys {
  /** The row that the keyboard is on. */
  readonly active: Ref<number | null>
  readonly marks: ShallowRef<Marks>
  onKey(event: KeyboardEvent): void
  onClick(event: MouseEvent, id: number): void
  markAll(ids: readonly number[]): void
}

interface Told {
  /** The rows that are shown, as they stand. */
  order: () => readonly number[]
  /** The rows of the list that a row is in. */
  listOf: (id: number) => readonly number[]
  /** Puts the focus on a row, wherever it is. */
  focus: (id: number) => void
  choose: (id: number) => void
  /** Chooses a row and goes there. */
  open: (id: number) => void
}

const FAR = Number.MAX_SAFE_INTEGER
const STEPS: Readonly<Record<string, number>> = {
  j: 1,
  ArrowDown: 1,
  k: -1,
  ArrowUp: -1,
  PageDown: 8,
  PageUp: -8,
  End: FAR,
  Home: -FAR,
}

export function useBoardKeys({ order, listOf, focus, choose, open }: Told): BoardKeys {
  const active = ref<number | null>(null)
  const marks = shallowRef(NO_MARKS)

  watch(order, (shown) => {
    const ids = new Set(shown)
    marks.value = stillShown(marks.value, ids)
    if (active.value !== null && !ids.has(active.value)) active.value = null
  })

  function step(by: number, extends_: boolean): void {
    const former = active.value
    const next = rowAt(order(), former, by)
    if (next === null) return
    if (extends_) marks.value = ranged(marks.value, order(), former, next)
    active.value = next
    focus(next)
  }

  function act(event: KeyboardEvent, id: number): boolean {
    if (event.key === 'Enter') open(id)
    else if (event.key === ' ') marks.value = toggled(marks.value, id)
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) markAll(listOf(id))
    else return false
    return true
  }

  function onKey(event: KeyboardEvent): void {
    const by = STEPS[event.key]
    if (by !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) step(by, event.shiftKey)
    else if (event.key === 'Escape' && marks.value.size > 0) {
      marks.value = NO_MARKS
      event.stopPropagation()
    } else if (active.value === null || !act(event, active.value)) return
    event.preventDefault()
  }

  function onClick(event: MouseEvent, id: number): void {
    if (event.shiftKey) marks.value = ranged(marks.value, order(), active.value, id)
    else if (event.ctrlKey || event.metaKey) marks.value = toggled(marks.value, id)
    else choose(id)
    active.value = id
  }

  function markAll(ids: readonly number[]): void {
    marks.value = new Set([...marks.value, ...ids])
  }

  return { active, marks, onKey, onClick, markAll }
}
