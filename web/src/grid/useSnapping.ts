import type { Map as MapLibreMap } from 'maplibre-gl'
import type { Ref } from 'vue'

import { useDraft } from '@/stores/draft'
import { useEditing } from '@/stores/editing'
import type { Watcher } from './hand'
import { degreesOf, restsOf, snapped, type Magnets } from './snapping'
import { rounded } from './stretch'
import type { Point } from './types'

/** How far snapping reaches: a hand that draws looks for boundaries, one that drags leaves them. */
const DRAWING_PX = 10
const DRAGGING_PX = 6

/** Where the hand is drawn to: boundaries as it draws, the vertex's place of rest as it drags. */
export function useSnapping(map: Ref<MapLibreMap | null>): Watcher['snap'] {
  const draft = useDraft()
  const editing = useEditing()

  /** The boundaries under the hand; while one is being redrawn, that one alone. */
  function boundaries(place: Point): Magnets {
    const { x, y } = map.value!.project(place)
    const corners: [Point, Point] = [
      [x - DRAWING_PX, y - DRAWING_PX],
      [x + DRAWING_PX, y + DRAWING_PX],
    ]
    const hits = map.value!.queryRenderedFeatures(corners, { layers: ['draft-arcs'] })
    const near = hits.map(({ properties }) => String(properties['arc']))
    const held = editing.tool === 'redraw' ? [editing.stretch?.arc ?? ''] : [...new Set(near)]
    const lines = held.flatMap((arc) => {
      const line = draft.topology?.arcs[arc]
      return line ? [line] : []
    })
    return { vertices: lines.flat(), lines }
  }

  return (place, vertex) => {
    if (!map.value) return null
    const reach = degreesOf(vertex === undefined ? DRAWING_PX : DRAGGING_PX, map.value.getZoom(), place[1])
    if (vertex === undefined) return snapped(boundaries(place), place, reach)
    const line = editing.drawn ?? rounded(editing.stretch?.coords ?? [])
    editing.snappedTo = editing.stretch && snapped(restsOf(editing.stretch, line, vertex), place, reach)
    return editing.snappedTo
  }
}
