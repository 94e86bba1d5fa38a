import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { api, ask } from '@/api/client'
import type { Bureau, Category, Unit } from '@/api/types'
import { currentLocale } from '@/i18n'
import type { Ground } from '@/map/basemap'

/** What hardly ever changes while a page is open: the bureau, its stations, its categories. */
export const useBureau = defineStore('bureau', () => {
  const bureau = ref<Bureau | null>(null)
  const stations = ref<Unit[]>([])
  const categories = ref<Category[]>([])
  /** The bureau's own basemap, ready to be drawn; null where it has none. */
  const ground = shallowRef<Ground | null>(null)

  const name = computed(() => (bureau.value ? inLanguage(bureau.value) : ''))
  const timezone = computed(() => bureau.value?.timezone)
  const stationNames = computed(() =>
    Object.fromEntries(stations.value.map((station) => [station.code, inLanguage(station)])),
  )

  async function load(): Promise<void> {
    const [theBureau, units, kinds] = await Promise.all([
      ask(api.GET('/api/v1/bureau')),
      ask(api.GET('/api/v1/units', { params: { query: { kind: 'station', limit: 100 } } })),
      ask(api.GET('/api/v1/categories')),
    ])
    bureau.value = theBureau
    stations.value = units.items
    categories.value = kinds.items
  }

  /** For the desks' maps alone: a handheld has its ground from elsewhere. */
  async function loadGround(): Promise<void> {
    const { basemap } = await ask(api.GET('/api/v1/map/basemap'))
    // The reader of PMTiles comes only to who has such a file.
    ground.value = basemap ? await (await import('@/map/ground')).prepared(basemap) : null
  }

  return { bureau, stations, categories, ground, loadGround, name, timezone, stationNames, load }
})

function inLanguage(named: { name: string; name_en: string | null }): string {
  return currentLocale() === 'en' && named.name_en ? named.name_en : named.name
}
