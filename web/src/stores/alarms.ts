import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import { fromServer, isHeard, ownAlarms, sounding, type Alarm } from '@/board/alarms'
import { clockOffset, serverNow, toServer } from '@/base/clock'
import { useFeed } from './feed'

/** The alarms of the account's units, with what this page itself has to say. */
export const useAlarms = defineStore('alarms', () => {
  const feed = useFeed()
  const told = shallowRef<readonly Alarm[]>([])
  const loaded = ref(false)

  const own = computed(() => {
    const since = feed.lost ? toServer(feed.lost.since) : null
    return ownAlarms(since, clockOffset.value, serverNow())
  })
  const alarms = computed<readonly Alarm[]>(() => [...own.value, ...told.value])
  const loud = computed(() => sounding(alarms.value))
  const silent = computed(() => alarms.value.filter(({ silenced }) => silenced !== null))
  const heard = computed(() => isHeard(alarms.value))

  /** Asks again. Without an answer what was told last stands: the link's own alarm says why. */
  async function load(): Promise<void> {
    try {
      told.value = (await ask(api.GET('/api/v1/alarms'))).items.map(fromServer)
      loaded.value = true
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
    }
  }

  /** Silences one with the account's name. Throws a `Refusal`. */
  async function silence(key: string, minutes: number, note: string): Promise<void> {
    const params = { path: { key } }
    const body = { minutes, note }
    const alarm = fromServer(await ask(api.POST('/api/v1/alarms/{key}/silence', { params, body })))
    told.value = told.value.map((each) => (each.key === key ? alarm : each))
  }

  return { alarms, loud, silent, heard, loaded, load, silence }
})
