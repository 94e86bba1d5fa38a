import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'

import type { GridMap } from '@/map/useMap'
import { useDraft } from '@/stores/draft'
import { useEditing } from '@/stores/editing'
import { changeOf, mayStand } from './drawing'
import { handOn, type Hand, type Watcher } from './hand'
import { redrawn, rounded, stretchAround } from './stretch'
import type { EditRequest, Line, Point } from './types'
import { useSnapping } from './useSnapping'

/** Puts the stretch in the hand on the map, and what the hand draws to the server. */
export function useArcEditor(gridMap: GridMap) {
  const draft = useDraft()
  const editing = useEditing()
  const snap = useSnapping(gridMap.map)
  const hand = useHand(gridMap, {
    mayStand(line) {
      const [now, topology] = [editing.stretch, draft.topology]
      return !now || !topology || mayStand(topology, now, line)
    },
    snap,
    onDrag: (line) => (editing.drawn = line),
    onRelease: (line) => void release(line),
    onDrawn: (line) => void finish(line),
  })

  useHold(hand)

  function take(arc: string, at: Point): void {
    const line = draft.topology?.arcs[arc]
    if (line) editing.hold(stretchAround(arc, line, at))
  }

  /** What was dragged goes to the server; it answers with the boundary as it stands. */
  async function release(line: Line): Promise<void> {
    editing.snappedTo = null
    const [now, topology] = [editing.stretch, draft.topology]
    const request = now && topology && changeOf(topology, now, line)
    if (!now || !topology) return
    if (request) await send(now.arc, request, line)
    if (editing.stretch === now) again(now.arc, middleOf(line))
  }

  async function finish(line: Line): Promise<void> {
    const [now, topology] = [editing.stretch, draft.topology]
    if (editing.tool !== 'redraw') editing.line = line
    else if (now && topology?.arcs[now.arc]) {
      await send(now.arc, redrawn(now.arc, topology.arcs[now.arc]!, line), line)
      again(now.arc, middleOf(line))
    }
  }

  function send(arc: string, request: EditRequest, drawn: Line): Promise<boolean> {
    return draft.change({ request, before: draft.topology!.arcs[arc], drawn })
  }

  function again(arc: string, at: Point): void {
    if (draft.conflict || !draft.topology?.arcs[arc]) editing.clear()
    else take(arc, at)
  }

  // An undo changes the boundary in the hand, too.
  watch(
    () => draft.topology,
    () => {
      const now = editing.stretch
      if (now && !editing.drawn && editing.tool === 'select') again(now.arc, middleOf(now.coords))
    },
  )
  return { take }
}

/** Puts into the hand what is taken hold of, or the tool to draw with. */
function useHold(hand: Readonly<ShallowRef<Hand | null>>): void {
  const editing = useEditing()
  watch([hand, () => editing.stretch, () => editing.tool, () => editing.line], ([itsHand, stretch, tool, line]) => {
    // What was drawn stays on the map until it is used or drawn again.
    if (line) return
    if (stretch && tool === 'select') itsHand?.hold(rounded(stretch.coords))
    else itsHand?.use(tool)
  })
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
