import type { Map as MapLibreMap } from 'maplibre-gl'
import { watch, type ShallowRef } from 'vue'

import type { Choice } from './choice'

/** The layers that each source of what moves is drawn in. */
const DRAWN = ['', '-heading', '-low'] as const

/** Shows officers and field units as it was chosen. */
export function useShownUnits(map: ShallowRef<MapLibreMap | null>, choice: () => Choice): void {
  watch(
    [map, choice],
    ([made, { officers, units }]) => {
      for (const [source, shown] of Object.entries({ officers, units })) {
        for (const part of DRAWN) {
          made?.setLayoutProperty(source + part, 'visibility', shown ? 'visible' : 'none')
        }
      }
    },
    { immediate: true },
  )
}
