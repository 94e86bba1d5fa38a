import type { Map as MapLibreMap } from 'maplibre-gl'
import { computed, watch, type ShallowRef } from 'vue'

import type { TaskCard } from '@/api/types'
import { useNow } from '@/base/clock'
import { ENDED } from '@/live/cards'
import { deadlineMs } from '@/live/tasks'
import { iconName } from './icons'
import type { Palette } from './palette'
import { pointFeature, putFeatures, type GridMap } from './useMap'

/** Live incidents by priority and state, and the chosen one in any. */
export function useTaskLayer(
  { map, palette }: GridMap,
  cards: () => readonly TaskCard[],
  chosen: () => number | null,
): void {
  const now = useNow()
  // A string, so that the clock redraws only when another task has become overdue.
  const overdue = computed(() =>
    cards()
      .filter((card) => card.state === 'assigned' && deadlineMs(card) < now.value)
      .map((card) => card.id)
      .join(' '),
  )

  watch(
    [map, cards, chosen, overdue, palette],
    () => {
      if (!map.value) return
      const late = new Set(overdue.value.split(' ').map(Number))
      const shown = cards().filter((card) => !ENDED.has(card.state) || card.id === chosen())
      const features = shown.map((card) => featureOf(card, palette(), late, chosen()))
      putFeatures(map.value, 'tasks', features)
      chooseCell(map, cards().find((card) => card.id === chosen())?.incident.cell?.code)
    },
    { immediate: true },
  )
}

function featureOf(
  card: TaskCard,
  palette: Palette,
  overdue: ReadonlySet<number>,
  chosen: number | null,
): GeoJSON.Feature {
  const { priority } = card.incident
  return pointFeature(card.incident, {
    id: card.id,
    icon: iconName(card.state, priority),
    colour: palette.priority[priority],
    unsigned: card.state === 'assigned',
    overdue: overdue.has(card.id),
    chosen: card.id === chosen,
    // Drawn last, and so on top: what is unsigned, then what is grave.
    order: (card.state === 'assigned' ? 10 : 0) - priority,
  })
}

function chooseCell(map: ShallowRef<MapLibreMap | null>, code = ''): void {
  map.value?.setFilter('cell-chosen', ['==', ['get', 'code'], code])
}
