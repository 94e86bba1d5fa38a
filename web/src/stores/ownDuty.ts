import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'

import { useAttempt } from '@/base/attempt'
import { serverNow } from '@/base/clock'
import * as door from '@/terminal/duty/door'
import { waitsForReader } from '@/terminal/duty/own'
import type { OwnDuty, SwapVerb } from '@/terminal/duty/types'
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
  const waiting = computed(() => duty.value?.swaps.filter(waitsForReader).length ?? 0)

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

  /** Does something about a swap; what stands afterwards is read again. */
  async function change(work: () => Promise<unknown>): Promise<boolean> {
    const done = await attempt(async () => {
      await work()
      return true
    })
    if (done) await load()
    return done === true
  }

  function propose(proposal: door.Proposal): Promise<boolean> {
    return change(() => door.propose(proposal))
  }

  function command(swap: number, verb: SwapVerb): Promise<boolean> {
    return change(() => door.command(swap, verb))
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

  return { duty, toldAt, waiting, busy, refusal, open, propose, command }
})
