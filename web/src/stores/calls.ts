import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { serverNow } from '@/base/clock'
import { isBlank, newCall, putAt, type Call, type GivenPlace } from '@/intake/call'
import { CallShelf } from '@/intake/callShelf'
import type { Spot } from '@/map/usePickedPoint'
import { useSession } from './session'

/** The calls that are being taken: one open in the form, the others put aside. */
export const useCalls = defineStore('calls', () => {
  const session = useSession()
  const calls = ref<Call[]>([])
  const open = ref<string | null>(null)
  /** Where the server finds the open call to be; null until it has said so. */
  const spot = shallowRef<Spot | null>(null)
  let shelf: CallShelf | null = null
  let lastCrs = ''

  const current = computed(() => calls.value.find((call) => call.id === open.value) ?? null)
  const held = computed(() => calls.value.filter((call) => call.id !== open.value))

  /** Picks up what this account was taking here before the page was loaded. */
  async function restore(): Promise<void> {
    const { account } = session
    if (!account || shelf) return
    shelf = new CallShelf(account.username, session.unlock)
    const kept = await shelf.load()
    if (!kept) return
    calls.value = [...kept.calls, ...calls.value]
    open.value ??= kept.open
  }

  /** Closes the form. A call in which something was said is kept, any other is forgotten. */
  function putAside(): void {
    if (current.value && isBlank(current.value)) drop(current.value.id)
    show(null)
  }
  function show(id: string | null): void {
    open.value = id
    spot.value = null
  }
  function drop(id: string): void {
    calls.value = calls.value.filter((call) => call.id !== id)
    if (open.value === id) show(null)
  }

  /** Begins another call; the one before it is put aside. */
  function begin(): void {
    lastCrs = current.value?.crs || lastCrs
    putAside()
    const call = newCall(serverNow(), lastCrs)
    calls.value.push(call)
    show(call.id)
  }
  function resume(id: string): void {
    putAside()
    show(id)
  }
  /** Goes on to the call that was put aside first after the open one. */
  function next(): void {
    const at = calls.value.findIndex((call) => call.id === open.value)
    const following = [...calls.value.slice(at + 1), ...calls.value.slice(0, Math.max(at, 0))][0]
    if (following) resume(following.id)
  }

  /** Puts the open call at a place; without one a call begins there. */
  function place(given: GivenPlace): void {
    if (!current.value) begin()
    putAt(current.value!, given)
  }

  function forget(): void {
    calls.value = []
    show(null)
    shelf = null
  }

  watch(
    [calls, open],
    () => void shelf?.save({ calls: JSON.parse(JSON.stringify(calls.value)), open: open.value }),
    { deep: true },
  )
  // What was kept stays sealed for the same account; the page itself knows it no longer.
  watch(
    () => session.account,
    (account) => account ?? forget(),
  )

  return { calls, current, held, spot, restore, putAside, begin, resume, next, place, drop }
})
