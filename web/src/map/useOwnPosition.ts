import { watch } from 'vue'

import { usePosition } from '@/stores/position'
import { pointFeature, putFeatures, type GridMap } from './useMap'

/** Where this terminal is, when it knows. */
export function useOwnPosition({ map }: GridMap): void {
  const position = usePosition()
  watch(
    [map, () => position.own],
    () => {
      if (!map.value) return
      putFeatures(map.value, 'own', position.own ? [pointFeature(position.own)] : [])
    },
    { immediate: true },
  )
}
