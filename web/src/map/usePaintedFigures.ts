import type { ExpressionSpecification, Map as MapLibreMap } from 'maplibre-gl'
import { onScopeDispose, watch } from 'vue'

import { figuresChanged, type Figures } from './cellFigures'
import type { GridMap } from './useMap'

/** Labels are laid out anew as a whole; what changes by the second is gathered. */
const LABELS_EVERY_MS = 1000
export const NO_FIGURES: Figures = new Map()

/** Colours the cells of a desk's map by their figures, and writes these on them. */
export function usePaintedFigures({ map }: GridMap, figures: () => Figures): void {
  let standing: Figures = NO_FIGURES
  let labelling: ReturnType<typeof setTimeout> | null = null

  function paint(made: MapLibreMap, next: Figures): void {
    for (const [id, figure] of figuresChanged(standing, next)) {
      const cell = { source: 'grid', sourceLayer: 'cells', id }
      if (figure) made.setFeatureState(cell, { rank: figure.rank })
      else made.removeFeatureState(cell, 'rank')
    }
    standing = next
    labelling ??= setTimeout(label, LABELS_EVERY_MS)
  }
  function label(): void {
    labelling = null
    map.value?.setLayoutProperty('cell-figures', 'text-field', labelsOf(figures()))
  }
  watch(map, () => (standing = NO_FIGURES))
  watch([map, figures], ([made, next]) => made && paint(made, next), { immediate: true })
  onScopeDispose(() => labelling !== null && clearTimeout(labelling))
}

function labelsOf(figures: Figures): string | ExpressionSpecification {
  if (figures.size === 0) return ''
  const cases = [...figures].flatMap(([cell, { label }]) => [cell, label])
  return ['match', ['get', 'code'], ...cases, ''] as unknown as ExpressionSpecification
}
