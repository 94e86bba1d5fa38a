import { onMounted, onScopeDispose, ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { serverNow } from '@/base/clock'
import { useAge } from '@/common/useAge'
import { usePresence } from '@/stores/presence'

const EVERY_MS = 30_000

/** Whether an officer is there, and the words beside the name where they aren't. */
export interface Standing {
  online: boolean
  words: string
}

/** How officers stand by their last sign of life, asked for again as long as somebody looks. */
export function usePresentOfficers(): (username: string) => Standing {
  const { t } = useI18n()
  const presence = usePresence()
  const ageOf = useAge()
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
}
