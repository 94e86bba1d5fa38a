import { watch, type ShallowRef } from 'vue'
import type { Map as MapLibreMap } from 'maplibre-gl'

import { useBureau } from '@/stores/bureau'
import { pointFeature, putFeatures } from './useMap'

/** The stations, where the units say that they stand. */
export function useStationLayer(map: ShallowRef<MapLibreMap | null>): void {
  const bureau = useBureau()
  watch(
    [map, () => bureau.stationNames],
    () => {
      if (!map.value) return
      const features = bureau.stations.flatMap(({ code, lon, lat }) =>
        lon === null || lat === null
          ? []
          : [pointFeature({ lon, lat }, { code, name: bureau.stationNames[code] })],
      )
      putFeatures(map.value, 'stations', features)
    },
    { immediate: true },
  )
}
