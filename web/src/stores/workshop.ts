import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { useAttempt } from '@/base/attempt'
import * as door from '@/grid/door'
import { inOrder } from '@/grid/faults'
import type { Cells, Fault, NewExclusion, Version } from '@/grid/types'

/** The grid's versions, and the one on the table with its cells and its faults. */
export const useWorkshop = defineStore('workshop', () => {
  const versions = shallowRef<Version[]>([])
  const chosen = ref<string | null>(null)
  const cells = shallowRef<Cells | null>(null)
  /** Null until the check has answered. */
  const faults = shallowRef<Fault[] | null>(null)
  /** What a comparison or a rehearsal shows on the map. */
  const overlay = shallowRef<GeoJSON.FeatureCollection | null>(null)
  const { busy, refusal, attempt } = useAttempt()
  let checks = 0

  const version = computed(() => versions.value.find((each) => each.name === chosen.value) ?? null)
  const editable = computed(() => ['draft', 'checked'].includes(version.value?.state ?? ''))

  async function load(): Promise<void> {
    versions.value = (await attempt(door.versions)) ?? versions.value
  }

  /** Puts a version on the table; null clears it. */
  async function choose(name: string | null): Promise<void> {
    chosen.value = name
    overlay.value = null
    cells.value = null
    faults.value = null
    if (name) await attempt(() => fetchContent(name))
  }

  async function fetchContent(name: string): Promise<void> {
    const itsCells = await door.cells(name)
    // Another version may have been put on the table meanwhile.
    if (chosen.value !== name) return
    cells.value = itsCells
    await fetchFaults(name)
  }

  async function fetchFaults(name: string): Promise<void> {
    const mine = ++checks
    const found = await door.faults(name)
    if (chosen.value === name && mine === checks) faults.value = inOrder(found)
  }

  /** Looks for the faults of the version as it is now; a change made a draft of it again. */
  async function check(): Promise<void> {
    const name = chosen.value
    if (!name) return
    await attempt(async () => {
      versions.value = await door.versions()
      await fetchFaults(name)
    })
  }

  /** Says whether it went well; the lists are read anew. */
  async function change(work: () => Promise<Version>): Promise<boolean> {
    const changed = await attempt(work)
    if (changed) versions.value = (await attempt(door.versions)) ?? versions.value
    return changed !== null
  }

  function publish(from: string | null, reroute: boolean): Promise<boolean> {
    const name = chosen.value!
    return change(() => door.publish(name, from, reroute))
  }

  /** Makes a draft of the version on the table, and puts it there instead. */
  async function copy(name: string): Promise<boolean> {
    const from = chosen.value!
    const made = await change(() => door.copy(from, name))
    if (made) await choose(name)
    return made
  }

  /** Declares a hole not the bureau's; it is looked at anew then. */
  async function exclude(hole: NewExclusion): Promise<boolean> {
    const name = chosen.value!
    const done = await attempt(async () => {
      await door.exclude(name, hole)
      await fetchFaults(name)
      return true
    })
    return done === true
  }

  /** Takes such a declaration back; the hole is a fault again. */
  async function withdraw(id: number): Promise<boolean> {
    const name = chosen.value!
    const done = await attempt(async () => {
      await door.withdraw(name, id)
      await fetchFaults(name)
      return true
    })
    return done === true
  }

  function retire(): Promise<boolean> {
    const name = chosen.value!
    return change(() => door.retire(name))
  }

  return {
    versions,
    chosen,
    version,
    editable,
    cells,
    faults,
    overlay,
    refusal,
    busy,
    attempt,
    load,
    choose,
    check,
    publish,
    copy,
    exclude,
    withdraw,
    retire,
  }
})
