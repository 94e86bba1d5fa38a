import { watch } from 'vue'

import { pointFeature, putFeatures, type GridMap } from './useMap'

export interface Place {
  lon: number
  lat: number
}

/** The pin on the place that is being spoken of. */
export function usePickedPoint({ map }: GridMap, place: () => Place | null): void {
  watch(
    [map, place],
    () => {
      if (!map.value) return
      const at = place()
      putFeatures(map.value, 'picked', at ? [pointFeature(at)] : [])
    },
    { immediate: true },
  )
}
