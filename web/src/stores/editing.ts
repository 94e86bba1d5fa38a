import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { movedArcs } from '@/grid/drawing'
import type { Tool } from '@/grid/hand'
import { rounded, type Stretch } from '@/grid/stretch'
import { previewAreas, type MovedArcs } from '@/grid/topology'
import type { Line, Point } from '@/grid/types'
import { useDraft } from './draft'

/** What is in the hand on the draft: a stretch of boundary, cells, a piece of ground, a line. */
export const useEditing = defineStore('editing', () => {
  const draft = useDraft()
  const tool = ref<Tool>('select')
  const stretch = shallowRef<Stretch | null>(null)
  /** The stretch as it is being dragged; null while it lies still. */
  const drawn = shallowRef<Line | null>(null)
  /** Where the dragged vertex has come to rest by itself; null while it goes freely. */
  const snappedTo = shallowRef<Point | null>(null)
  const chosenCells = shallowRef<string[]>([])
  const chosenFace = ref<string | null>(null)
  /** What was drawn: a line to split by, or a ring around ground to be moved. */
  const line = shallowRef<Line | null>(null)

  const cells = computed(() => chosenCells.value.filter((code) => code in (draft.topology?.cells ?? {})))
  const face = computed(() => {
    const found = chosenFace.value === null ? undefined : draft.topology?.faces[chosenFace.value]
    return found && found.cells.length !== 1 ? chosenFace.value : null
  })
  /** The arcs as they run under the hand: those of a node follow it. */
  const moved = computed<MovedArcs>(() => {
    const [topology, held] = [draft.topology, stretch.value]
    if (!held || !topology?.arcs[held.arc]) return {}
    return movedArcs(topology, held, drawn.value ?? rounded(held.coords))
  })
  const preview = computed(() => (draft.topology ? previewAreas(draft.topology, moved.value) : []))

  function drop(): void {
    stretch.value = null
    drawn.value = null
    snappedTo.value = null
    line.value = null
  }
  function clear(): void {
    drop()
    tool.value = 'select'
    chosenCells.value = []
    chosenFace.value = null
  }
  function hold(next: Stretch): void {
    drop()
    tool.value = 'select'
    stretch.value = next
    chosenCells.value = []
    chosenFace.value = null
  }
  /** Takes up a tool; a boundary is redrawn with the one in the hand. */
  function use(next: Tool): void {
    if (next === 'redraw') line.value = null
    else drop()
    tool.value = next
  }

  /** Takes a cell, or with `more` another one beside those taken; again lets it go. */
  function chooseCell(code: string, more: boolean): void {
    drop()
    chosenFace.value = null
    const others = cells.value.filter((each) => each !== code)
    const taken = cells.value.includes(code)
    if (more) chosenCells.value = taken ? others : [...others, code]
    else chosenCells.value = taken && others.length === 0 ? [] : [code]
  }
  function chooseFace(next: string): void {
    drop()
    chosenCells.value = []
    chosenFace.value = next
  }

  return {
    tool,
    stretch,
    drawn,
    snappedTo,
    cells,
    face,
    line,
    moved,
    preview,
    drop,
    clear,
    hold,
    use,
    chooseCell,
    chooseFace,
  }
})
