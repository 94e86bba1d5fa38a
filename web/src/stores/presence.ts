import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import { serverNow } from '@/base/clock'
import { isOnline, laterOf, type Presences, type Seen } from '@/live/presence'

/** Who of the officers is there: what the server stored, moved on by what the socket tells. */
export const usePresence = defineStore('presence', () => {
  const known = shallowRef<Presences>({})
  const onlineForMs = ref(0)

  /** What is stored is right in every process; what the socket tells may be lost. */
  async function load(): Promise<void> {
    try {
      const { items, online_for_s } = await ask(api.GET('/api/v1/force/presence'))
      onlineForMs.value = online_for_s * 1000
      const told = items.map((each): [string, Seen] => [each.username, { at: Date.parse(each.last_seen_at), left: false }])
      known.value = laterOf(known.value, Object.fromEntries(told))
    } catch (error) {
      // The next round asks again.
      if (!(error instanceof Refusal)) throw error
    }
  }

  function tell({ username, online }: { username: string; online: boolean }): void {
    known.value = laterOf(known.value, { [username]: { at: serverNow(), left: !online } })
  }

  function online(username: string, now: number): boolean {
    return isOnline(known.value[username], now, onlineForMs.value)
  }

  /** How many whole minutes ago somebody was last seen; null: never. */
  function minutesAgo(username: string, now: number): number | null {
    const seen = known.value[username]
    return seen ? Math.max(0, Math.floor((now - seen.at) / 60_000)) : null
  }

  return { known, load, tell, online, minutesAgo }
})
