import { watch } from 'vue'

import type { TaskCard } from '@/api/types'
import { ENDED } from '@/live/cards'
import { iconName } from './icons'
import type { Palette } from './palette'
import { useLate } from './useLate'
import { pointFeature, putFeatures, type GridMap } from './useMap'

/** A handheld's own tasks by priority and state. */
export function useTaskLayer({ map, palette }: GridMap, cards: () => readonly TaskCard[]): void {
  const late = useLate(cards)

  watch(
    [map, cards, late, palette],
    () => {
      if (!map.value) return
      const shown = cards().filter(({ state }) => !ENDED.has(state))
      putFeatures(map.value, 'tasks', shown.map((card) => featureOf(card, palette(), late.value)))
    },
    { immediate: true },
  )
}

function featureOf(card: TaskCard, palette: Palette, late: ReadonlySet<number>): GeoJSON.Feature {
  const { priority } = card.incident
  return pointFeature(card.incident, {
    id: card.id,
    icon: iconName(card.state, priority),
    colour: palette.priority[priority],
    unsigned: card.state === 'assigned',
    overdue: late.has(card.id),
    // Drawn last, and so on top: what is unsigned, then what is grave.
    order: (card.state === 'assigned' ? 10 : 0) - priority,
  })
}
