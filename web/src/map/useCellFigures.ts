import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'

import type { TaskCard } from '@/api/types'
import {
  classFigures,
  loadFigures,
  openByCell,
  rangesOf,
  type Figures,
  type Range,
} from './cellFigures'
import type { Choice } from './choice'
import { callsByCell } from './door'
import type { CellCalls } from './types'
import type { GridMap } from './useMap'
import { NO_FIGURES, usePaintedFigures } from './usePaintedFigures'
import { usePeriodic } from './usePeriodic'

/** Colours and labels the cells by what was chosen; gives the classes of the legend. */
export function useCellFigures(
  gridMap: GridMap,
  choice: () => Choice,
  cards: () => readonly TaskCard[],
): { ranges: ComputedRef<readonly Range[]> } {
  const { t } = useI18n()
  const asksCalls = computed(() => {
    const { colouring, basis, days } = choice()
    return colouring === 'category' || (colouring === 'load' && basis === 'calls') ? days : null
  })
  const calls = usePeriodic<readonly CellCalls[]>(() => asksCalls.value, callsByCell, [])
  const counts = computed(() =>
    choice().basis === 'open'
      ? openByCell(cards())
      : new Map(calls.value.map(({ cell, calls: count }) => [cell, count])),
  )
  const ranges = computed(() => (choice().colouring === 'load' ? rangesOf(counts.value.values()) : []))
  const figures = computed<Figures>(() => {
    const { colouring } = choice()
    if (colouring === 'station') return NO_FIGURES
    if (colouring === 'load') return loadFigures(counts.value, ranges.value)
    return classFigures(calls.value, (broad) => t(`map.class.${broad}`))
  })

  usePaintedFigures(gridMap, () => figures.value)

  return { ranges }
}
