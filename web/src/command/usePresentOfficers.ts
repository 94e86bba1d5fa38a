import { onMounted, onScopeDispose, ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { serverNow } from '@/base/clock'
import type { Standing } from '@/map/useOfficerLayer'
import { usePresence } from '@/stores/presence'

const EVERY_MS = 30_000

/** How officers stand by their last sign of life, asked for again as long as somebody looks. */
export function usePresentOfficers(): (username: string) => Standing {
  const { t } = useI18n()
  const presence = usePresence()
  const now = ref(serverNow())

  async function look(): Promise<void> {
    await presence.load()
    now.value = serverNow()
  }
  const looking = setInterval(() => void look(), EVERY_MS)
  onMounted(look)
  onScopeDispose(() => clearInterval(looking))

  return (username) => {
    const at = Math.max(now.value, presence.known[username]?.at ?? 0)
    const online = presence.online(username, at)
    const minutes = presence.minutesAgo(username, at)
    return { online, words: online || minutes === null ? '' : t('presence.ago', { n: ageOf(minutes) }) }
  }

  function ageOf(minutes: number): string {
    if (minutes < 60) return t('presence.minutes', { n: Math.max(1, minutes) })
    const hours = Math.floor(minutes / 60)
    return hours < 48 ? t('presence.hours', { n: hours }) : t('presence.days', { n: Math.floor(hours / 24) })
  }
}
