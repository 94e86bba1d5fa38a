import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { Refusal } from '@/api/client'
import * as door from '@/grid/door'
import type { Cells, FaultReport, Version } from '@/grid/types'

/** The grid's versions, and the one on the table with its cells and its faults. */
export const useWorkshop = defineStore('workshop', () => {
  const versions = shallowRef<Version[]>([])
  const chosen = ref<string | null>(null)
  const cells = shallowRef<Cells | null>(null)
  const report = shallowRef<FaultReport | null>(null)
  const refusal = shallowRef<Refusal | null>(null)
  const busy = ref(false)

  const version = computed(() => versions.value.find((each) => each.name === chosen.value) ?? null)
  const editable = computed(() => ['draft', 'checked'].includes(version.value?.state ?? ''))

  /** Does a piece of work; what refuses it is shown until the next. */
  async function attempt<Data>(work: () => Promise<Data>): Promise<Data | null> {
    busy.value = true
    refusal.value = null
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refusal.value = error
      return null
    } finally {
      busy.value = false
    }
  }

  async function load(): Promise<void> {
    versions.value = (await attempt(door.versions)) ?? versions.value
  }

  /** Puts a version on the table; null clears it. */
  async function choose(name: string | null): Promise<void> {
    chosen.value = name
    cells.value = null
    report.value = null
    if (name) await attempt(() => fetchContent(name))
  }

  async function fetchContent(name: string): Promise<void> {
    const [itsCells, itsReport] = await Promise.all([door.cells(name), reportOrNone(name)])
    // Another version may have been put on the table meanwhile.
    if (chosen.value !== name) return
    cells.value = itsCells
    report.value = itsReport
  }

  /** Says whether it went well; the lists are read anew. */
  async function change(work: () => Promise<Version>): Promise<boolean> {
    const changed = await attempt(work)
    if (changed) versions.value = (await attempt(door.versions)) ?? versions.value
    return changed !== null
  }

  function publish(from: string | null): Promise<boolean> {
    const name = chosen.value!
    return change(() => door.publish(name, from))
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
    report,
    refusal,
    busy,
    attempt,
    load,
    choose,
    publish,
    retire,
  }
})

/** A draft whose check has yet to run has no report. */
async function reportOrNone(name: string): Promise<FaultReport | null> {
  try {
    return await door.report(name)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'grid.not_checked') return null
    throw error
  }
}
