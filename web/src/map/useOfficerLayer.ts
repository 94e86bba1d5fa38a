import { watch } from 'vue'

import type { LivePosition } from '@/api/types'
import { pointFeature, putFeatures, type GridMap } from './useMap'

/** Officers where their terminals last said that they were. */
export function useOfficerLayer(
  { map }: GridMap,
  officers: () => Readonly<Record<string, LivePosition>>,
): void {
  watch(
    [map, officers],
    () => {
      if (!map.value) return
      const features = Object.values(officers()).map((officer) =>
        pointFeature(officer, { name: officer.display_name }),
      )
      putFeatures(map.value, 'officers', features)
    },
    { immediate: true },
  )
}
