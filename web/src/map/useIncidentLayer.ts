import { computed, watch } from 'vue'

import type { TaskCard } from '@/api/types'
import { ENDED } from '@/live/cards'
import { iconName } from './icons'
import type { LiveFeature } from './incremental'
import { useLate } from './useLate'
import type { GridMap } from './useMap'
import { useLiveSource } from './useLiveSource'

/** Live incidents by priority and state, in clusters from afar, and the chosen one in any. */
export function useIncidentLayer(
  gridMap: GridMap,
  cards: () => readonly TaskCard[],
  chosen: () => TaskCard | undefined,
): void {
  const late = useLate(cards)
  const open = computed(() => cards().filter(({ state }) => !ENDED.has(state)))

  useLiveSource(gridMap, 'incidents', () => open.value.map((card) => incidentFeature(card, late.value)))
  useLiveSource(gridMap, 'chosen', () => {
    const card = chosen()
    return card ? [incidentFeature(card, late.value)] : []
  })
  watch(
    [gridMap.map, () => chosen()?.incident.cell?.code ?? ''],
    ([map, code]) => map?.setFilter('cell-chosen', ['==', ['get', 'code'], code]),
  )
}

function incidentFeature({ id, state, incident }: TaskCard, late: ReadonlySet<number>): LiveFeature {
  const { priority, lon, lat } = incident
  const unsigned = state === 'assigned'
  return {
    type: 'Feature',
    id,
    geometry: { type: 'Point', coordinates: [lon, lat] },
    properties: {
      id,
      icon: iconName(state, priority),
      priority,
      unsigned,
      overdue: late.has(id),
      // Drawn last, and so on top: what is unsigned, then what is grave.
      order: (unsigned ? 10 : 0) - priority,
    },
  }
}
