import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'

import type { GridMap } from '@/map/useMap'
import { useDraft } from '@/stores/draft'
import { useEditing } from '@/stores/editing'
import { changeOf } from './drawing'
import { handOn, type Hand, type Watcher } from './hand'
import { keepsEnds, rounded, stretchAround } from './stretch'
import type { Line, Point } from './types'

/** Puts the stretch in the hand on the map, and what the hand draws to the server. */
export function useArcEditor(gridMap: GridMap) {
  const draft = useDraft()
  const editing = useEditing()
  const hand = useHand(gridMap, {
    mayStand(line) {
      const now = editing.stretch
      return !now || keepsEnds(now, draft.topology?.arcs[now.arc]?.length ?? 0, line)
    },
    onDrag: (line) => (editing.drawn = line),
    onRelease: (line) => void release(line),
    onLine: (line) => (editing.line = line),
  })

  function take(arc: string, at: Point): void {
    const line = draft.topology?.arcs[arc]
    if (line) editing.hold(stretchAround(arc, line, at))
  }

  /** What was drawn goes to the server; it answers with the boundary as it stands. */
  async function release(line: Line): Promise<void> {
    const [now, topology] = [editing.stretch, draft.topology]
    const request = now && topology && changeOf(topology, now, line)
    if (!now || !topology || !request) return
    await draft.change({ request, before: topology.arcs[now.arc], drawn: line })
    if (editing.stretch !== now) return
    if (draft.conflict || !draft.topology?.arcs[now.arc]) editing.drop()
    else take(now.arc, middleOf(line))
  }

  watch([hand, () => editing.stretch, () => editing.tool, () => editing.line], ([itsHand, stretch, tool, line]) => {
    // The line to split by stays on the map until it is used or drawn again.
    if (line) return
    if (stretch) itsHand?.hold(rounded(stretch.coords))
    else itsHand?.use(tool)
  })
  // An undo changes the boundary in the hand, too.
  watch(
    () => draft.topology,
    (topology) => {
      const now = editing.stretch
      if (!now || editing.drawn) return
      if (topology?.arcs[now.arc]) take(now.arc, middleOf(now.coords))
      else editing.drop()
    },
  )
  return { take }
}

/** A hand while a draft is open, made anew with the map and with the theme. */
function useHand({ map, palette }: GridMap, watcher: Watcher): Readonly<ShallowRef<Hand | null>> {
  const draft = useDraft()
  const hand = shallowRef<Hand | null>(null)
  watch(
    [map, () => draft.topology !== null, palette],
    ([made, open, colours]) => {
      hand.value?.remove()
      hand.value = made && open ? handOn(made, colours, watcher) : null
    },
    { immediate: true },
  )
  onScopeDispose(() => hand.value?.remove())
  return hand
}

function middleOf(line: Line): Point {
  return line[Math.floor(line.length / 2)]!
}
