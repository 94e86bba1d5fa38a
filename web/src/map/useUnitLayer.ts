import type { Map as MapLibreMap, MapLayerMouseEvent } from 'maplibre-gl'
import { computed, onScopeDispose, shallowRef, watch, type Ref } from 'vue'

import type { LivePosition, TaskCard } from '@/api/types'
import { fieldUnits } from './door'
import type { GridMap } from './useMap'
import { aboardOf, busyOf, officerFeatures, unitFeatures, type FieldUnit, type Look } from './units'
import { useLiveSource } from './useLiveSource'

/** Crews change with the shift; where they are is told by the feed. */
const CREWS_EVERY_MS = 60_000

export interface UnitLayer {
  readonly units: Readonly<Ref<readonly FieldUnit[]>>
  readonly busy: Readonly<Ref<ReadonlySet<string>>>
  /** The officer or unit under the pointer. */
  readonly looked: Readonly<Ref<string | null>>
}

/** Officers and field units where their terminals last said that they were. */
export function useUnitLayer(
  gridMap: GridMap,
  officers: () => Readonly<Record<string, LivePosition>>,
  cards: () => readonly TaskCard[],
  look: () => Look,
): UnitLayer {
  const units = shallowRef<readonly FieldUnit[]>([])
  const looked = shallowRef<string | null>(null)
  const busy = computed(() => busyOf(cards()))
  const aboard = computed(() => aboardOf(units.value, officers()))

  async function load(): Promise<void> {
    units.value = (await fieldUnits()) ?? units.value
  }
  const asking = setInterval(() => void load(), CREWS_EVERY_MS)
  onScopeDispose(() => clearInterval(asking))

  useLiveSource(gridMap, 'officers', () =>
    officerFeatures(Object.values(officers()), aboard.value, busy.value, look()),
  )
  useLiveSource(gridMap, 'units', () => unitFeatures(units.value, officers(), busy.value, look()))

  function follow(map: MapLibreMap): void {
    const enter = (event: MapLayerMouseEvent) => show(map, String(event.features?.[0]?.properties['code'] ?? ''))
    for (const layer of ['officers', 'units']) {
      map.on('mousemove', layer, enter)
      map.on('mouseleave', layer, () => show(map, ''))
    }
  }
  /** Says who it is, and draws the circle that the fix may lie in. */
  function show(map: MapLibreMap, code: string): void {
    if ((looked.value ?? '') === code) return
    looked.value = code || null
    map.setFilter('reach', ['==', ['get', 'code'], code])
  }
  watch(gridMap.map, (map) => {
    if (!map) return
    follow(map)
    // Not before: the map's own tiles come first.
    void load()
  })

  return { units, busy, looked }
}
