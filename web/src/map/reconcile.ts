/** Brings a standing map to a style that has other layers, without loading anything again. */
import type { Map as MapLibreMap, StyleSpecification } from 'maplibre-gl'

import { BASEMAP } from './basemap'

/** Adds what the style has and the map lacks, each in its place, and drops a basemap that went. */
export function reconcile(map: MapLibreMap, style: StyleSpecification): void {
  const wanted = new Set(style.layers.map(({ id }) => id))
  const gone = map.getLayersOrder().filter((id) => id.startsWith(BASEMAP) && !wanted.has(id))
  for (const id of gone) map.removeLayer(id)
  for (const [id, source] of Object.entries(style.sources)) {
    if (!map.getSource(id)) map.addSource(id, source)
  }
  // From the top down, so that the one above already stands.
  for (let at = style.layers.length - 1; at >= 0; at--) {
    const layer = style.layers[at]!
    if (!map.getLayer(layer.id)) map.addLayer(layer, style.layers[at + 1]?.id)
  }
}
