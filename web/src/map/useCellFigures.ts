import type { ExpressionSpecification, Map as MapLibreMap } from 'maplibre-gl'
import { computed, onScopeDispose, watch, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'

import type { TaskCard } from '@/api/types'
import {
  classFigures,
  figuresChanged,
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
import { usePeriodic } from './usePeriodic'

/** Labels are laid out anew as a whole; what changes by the second is gathered. */
const LABELS_EVERY_MS = 1000
const NO_FIGURES: Figures = new Map()

/** Colours and labels the cells by what was chosen; gives the classes of the legend. */
export function useCellFigures(
  { map }: GridMap,
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

  let standing: Figures = NO_FIGURES
  let labelling: ReturnType<typeof setTimeout> | null = null

  function paint(made: MapLibreMap): void {
    for (const [id, figure] of figuresChanged(standing, figures.value)) {
      const cell = { source: 'grid', sourceLayer: 'cells', id }
      if (figure) made.setFeatureState(cell, { rank: figure.rank })
      else made.removeFeatureState(cell, 'rank')
    }
    standing = figures.value
    labelling ??= setTimeout(label, LABELS_EVERY_MS)
  }
  function label(): void {
    labelling = null
    map.value?.setLayoutProperty('cell-figures', 'text-field', labelsOf(figures.value))
  }
  watch(map, () => (standing = NO_FIGURES))
  watch([map, figures], ([made]) => made && paint(made), { immediate: true })
  onScopeDispose(() => labelling !== null && clearTimeout(labelling))

  return { ranges }
}

function labelsOf(figures: Figures): string | ExpressionSpecification {
  if (figures.size === 0) return ''
  const cases = [...figures].flatMap(([cell, { label }]) => [cell, label])
  return ['match', ['get', 'code'], ...cases, ''] as unknown as ExpressionSpecification
}
