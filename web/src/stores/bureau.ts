import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import { api, ask } from '@/api/client'
import type { Bureau, Category, Unit } from '@/api/types'
import { currentLocale } from '@/i18n'

/** What hardly ever changes while a page is open: the bureau, its stations, its categories. */
export const useBureau = defineStore('bureau', () => {
  const bureau = ref<Bureau | null>(null)
  const stations = ref<Unit[]>([])
  const categories = ref<Category[]>([])

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

  return { bureau, stations, categories, name, timezone, stationNames, load }
})

function inLanguage(named: { name: string; name_en: string | null }): string {
  return currentLocale() === 'en' && named.name_en ? named.name_en : named.name
}
