import { computed } from 'vue'
import { useI18n } from 'vue-i18n'

import { useNow } from '@/base/clock'
import { useAge } from '@/common/useAge'
import type { Look } from './units'

/** Ages are told in minutes, so that often is enough. */
const EVERY_MS = 30_000

/** How the map tells of officers: who is there, and how old a position is. */
export function useLook(online: (username: string) => boolean): () => Look {
  const { t } = useI18n()
  const clock = useNow()
  const ageOf = useAge()
  const now = computed(() => Math.floor(clock.value / EVERY_MS) * EVERY_MS)
  return () => ({ now: now.value, online, age: (minutes) => t('map.ago', { n: ageOf(minutes) }) })
}
