import { watch, type Ref } from 'vue'

import { heatOf } from './door'
import { heatFeatures } from './heat'
import type { Heat } from './types'
import type { GridMap } from './useMap'
import { useLiveSource } from './useLiveSource'
import { usePeriodic } from './usePeriodic'

/** Where the calls of the last days came from; null days: not shown. */
export function useHeatLayer(gridMap: GridMap, days: () => number | null): Readonly<Ref<Heat | null>> {
  const heat = usePeriodic<Heat | null>(days, heatOf, null)

  useLiveSource(gridMap, 'heat', () => (heat.value ? heatFeatures(heat.value) : []))
  watch(
    [gridMap.map, days],
    ([map, asked]) => map?.setLayoutProperty('heat', 'visibility', asked === null ? 'none' : 'visible'),
    { immediate: true },
  )
  return heat
}
