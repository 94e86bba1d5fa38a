import { watch } from 'vue'

import { circleRing } from './circle'
import { pointFeature, putFeatures, type GridMap } from './useMap'

export interface Place {
  lon: number
  lat: number
}

/** A place that is spoken of, and the radius of the circle that holds it where that is known. */
export interface Spot extends Place {
  accuracy_m?: number | null
}

/** The pin on the place that is being spoken of, and the circle around it that it may lie in. */
export function usePickedPoint({ map }: GridMap, spot: () => Spot | null): void {
  watch(
    [map, spot],
    () => {
      if (map.value) putFeatures(map.value, 'picked', featuresOf(spot()))
    },
    { immediate: true },
  )
}

function featuresOf(spot: Spot | null): GeoJSON.Feature[] {
  if (!spot) return []
  if (!spot.accuracy_m) return [pointFeature(spot)]
  const ring = circleRing(spot, spot.accuracy_m)
  const geometry: GeoJSON.Polygon = { type: 'Polygon', coordinates: [ring] }
  return [{ type: 'Feature', geometry, properties: {} }, pointFeature(spot)]
}
