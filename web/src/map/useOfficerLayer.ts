import { watch } from 'vue'

import type { LivePosition } from '@/api/types'
import { pointFeature, putFeatures, type GridMap } from './useMap'

/** Whether an officer is there, and the words beside the name where they aren't. */
export interface Standing {
  online: boolean
  words: string
}

/** Officers where their terminals last said that they were. */
export function useOfficerLayer(
  { map }: GridMap,
  officers: () => Readonly<Record<string, LivePosition>>,
  standing: (username: string) => Standing,
): void {
  watch(
    [map, () => Object.values(officers()).map((officer) => ({ officer, ...standing(officer.username) }))],
    ([, all]) => {
      if (!map.value) return
      const features = all.map(({ officer, online, words }) =>
        pointFeature(officer, { name: [officer.display_name, words].filter(Boolean).join(' · '), online }),
      )
      putFeatures(map.value, 'officers', features)
    },
    { immediate: true },
  )
}
