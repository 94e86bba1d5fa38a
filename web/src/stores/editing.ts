import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { previewOf } from '@/grid/drawing'
import type { Tool } from '@/grid/hand'
import type { Stretch } from '@/grid/stretch'
import type { Line } from '@/grid/types'
import { useDraft } from './draft'

/** What is in the hand on the draft: a stretch of boundary, cells, a piece of ground, a line. */
export const useEditing = defineStore('editing', () => {
  const draft = useDraft()
  const tool = ref<Tool>('select')
  const stretch = shallowRef<Stretch | null>(null)
  /** The stretch as it is being dragged; null while it lies still. */
  const drawn = shallowRef<Line | null>(null)
  const chosenCells = shallowRef<string[]>([])
  const chosenFace = ref<string | null>(null)
  /** The line that was drawn to split by. */
  const line = shallowRef<Line | null>(null)

  const cells = computed(() => chosenCells.value.filter((code) => code in (draft.topology?.cells ?? {})))
  const face = computed(() => {
    const found = chosenFace.value === null ? undefined : draft.topology?.faces[chosenFace.value]
    return found && found.cells.length !== 1 ? chosenFace.value : null
  })
  const preview = computed(() => previewOf(draft.topology, stretch.value, drawn.value))

  function drop(): void {
    stretch.value = null
    drawn.value = null
    line.value = null
  }
  function clear(): void {
    drop()
    tool.value = 'select'
    chosenCells.value = []
    chosenFace.value = null
  }
  function hold(next: Stretch): void {
    drawn.value = null
    stretch.value = next
    chosenCells.value = []
    chosenFace.value = null
  }
  function use(next: Tool): void {
    drop()
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
    cells,
    face,
    line,
    preview,
    drop,
    clear,
    hold,
    use,
    chooseCell,
    chooseFace,
  }
})
