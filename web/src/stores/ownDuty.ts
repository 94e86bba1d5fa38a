import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'

import { useAttempt } from '@/base/attempt'
import { serverNow } from '@/base/clock'
import * as door from '@/terminal/duty/door'
import type { OwnDuty } from '@/terminal/duty/types'
import { useInbox } from './inbox'

/** The duty as the server told it at a moment. */
interface Told {
  duty: OwnDuty
  at: number
}
const OWN = 'own'

/** The officer's own duty, readable without signal as it was told last. */
export const useOwnDuty = defineStore('ownDuty', () => {
  const inbox = useInbox()
  const { busy, refusal, attempt } = useAttempt()
  const told = shallowRef<Told | null>(null)

  const duty = computed(() => told.value?.duty ?? null)
  const toldAt = computed(() => told.value?.at ?? null)

  function records() {
    return inbox.storage?.records<Told>('duty')
  }

  /** Shows what this device was told before; what the server says now comes with the link. */
  async function open(): Promise<void> {
    told.value ??= (await records()?.get(OWN)) ?? null
  }

  async function load(): Promise<void> {
    const found = await attempt(door.ownDuty)
    if (!found) return
    told.value = { duty: found, at: serverNow() }
    await records()?.put(OWN, told.value)
  }

  /** Offers a shift; what stands afterwards is read again. */
  async function propose(proposal: door.Proposal): Promise<boolean> {
    const made = await attempt(() => door.propose(proposal))
    if (made) await load()
    return made !== null
  }

  watch([() => inbox.linkState, () => inbox.swapChanges], ([state]) => {
    if (state === 'live') void load()
  })
  // What was received is forgotten together: at the end of a session, after a day without contact.
  watch(
    () => inbox.state.epoch,
    (epoch) => {
      if (epoch === null) told.value = null
    },
  )

  return { duty, toldAt, busy, refusal, open, load, propose }
})
