import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { Refusal } from '@/api/client'
import { contains, widened, type Bounds } from '@/grid/bounds'
import * as door from '@/grid/door'
import { applied } from '@/grid/topology'
import type { Edit, EditRequest, EditResult, Line, Point, RepairRequest, Topology } from '@/grid/types'

/** A draft of more cells is loaded where the map looks. */
const MOST_WHOLE = 1_500

/** A change that somebody else's came before. */
export interface Kept {
  request: EditRequest
  /** The boundary as it was drawn on, and as it was drawn. */
  before?: Line
  drawn?: Line
}

/** The draft under edit. Each change names the state it was made on; the server has the last word. */
export const useDraft = defineStore('draft', () => {
  const name = ref<string | null>(null)
  const topology = shallowRef<Topology | null>(null)
  const last = shallowRef<Edit | null>(null)
  const refusal = shallowRef<Refusal | null>(null)
  const kept = shallowRef<Kept | null>(null)
  const conflict = ref(false)
  const busy = ref(false)
  const revision = ref(0)
  /** Whether only a part of it is loaded at a time: that which meets the bounds. */
  const partial = ref(false)
  const bounds = shallowRef<Bounds | null>(null)

  /** Where the refused change goes wrong, when the server says so. */
  const fault = computed<Point | null>(() => {
    const { lon, lat } = placeOf(refusal.value)
    return typeof lon === 'number' && typeof lat === 'number' ? [lon, lat] : null
  })

  async function attempt(work: () => Promise<void>): Promise<boolean> {
    busy.value = true
    refusal.value = null
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refusal.value = error
      conflict.value = error.status === 412
      return false
    } finally {
      busy.value = false
    }
  }

  async function load(): Promise<void> {
    const draft = name.value
    if (!draft || (partial.value && !bounds.value)) return
    const found = await door.topology(draft, bounds.value)
    if (name.value !== draft) return
    topology.value = found
    revision.value = found.revision
  }

  /** Opens a draft; one whose boundaries can't be drawn yet can be repaired all the same. */
  function open(draft: string, itsRevision: number, cells: number): Promise<boolean> {
    close()
    name.value = draft
    revision.value = itsRevision
    partial.value = cells > MOST_WHOLE
    return attempt(load)
  }

  /** Loads of a large draft what a view shows, and some ground around it. */
  async function look(view: Bounds): Promise<void> {
    if (!partial.value || (bounds.value && contains(bounds.value, view))) return
    bounds.value = widened(view)
    await attempt(load)
  }

  function close(): void {
    name.value = null
    partial.value = false
    bounds.value = null
    topology.value = null
    last.value = null
    refusal.value = null
    kept.value = null
    conflict.value = false
  }

  async function take(result: EditResult): Promise<void> {
    last.value = result.edit
    revision.value = result.revision
    if (result.reload || !topology.value) return load()
    topology.value = applied(topology.value, result)
  }

  /** Makes a change; what a conflict refused is kept until it is made again or let go. */
  async function change(wanted: Kept): Promise<boolean> {
    const done = await attempt(async () => take(await door.edit(name.value!, revision.value, wanted.request)))
    kept.value = !done && conflict.value ? wanted : null
    return done
  }

  const undo = () => attempt(async () => take(await door.undo(name.value!, revision.value)))
  const redo = () => attempt(async () => take(await door.redo(name.value!, revision.value)))

  function repair(body: RepairRequest): Promise<boolean> {
    return attempt(async () => take(await door.repair(name.value!, revision.value, body)))
  }

  /** Gives all cells the serials that were shown. */
  function renumber(): Promise<boolean> {
    return attempt(async () => take(await door.renumber(name.value!, revision.value)))
  }

  /** After a conflict: the draft as the other has left it. */
  async function reload(): Promise<void> {
    if (await attempt(load)) conflict.value = false
  }

  /** Whether the kept change still means what it meant: its boundary is as it was. */
  const repeatable = computed(() => {
    if (!kept.value || conflict.value || !topology.value) return false
    const { request, before } = kept.value
    if (!before) return true
    return JSON.stringify(topology.value.arcs[String(request['arc'])]) === JSON.stringify(before)
  })

  async function repeat(): Promise<void> {
    if (kept.value) await change(kept.value)
  }
  function letGo(): void {
    kept.value = null
  }
  function dismiss(): void {
    refusal.value = null
  }

  return {
    name,
    topology,
    revision,
    last,
    refusal,
    fault,
    kept,
    conflict,
    repeatable,
    busy,
    partial,
    open,
    look,
    close,
    change,
    repair,
    renumber,
    undo,
    redo,
    reload,
    repeat,
    letGo,
    dismiss,
  }
})

/** Problem details carry the place beside the code, or among the parameters. */
function placeOf(refusal: Refusal | null): Record<string, unknown> {
  if (!refusal) return {}
  const params = refusal.body['params']
  return { ...(typeof params === 'object' ? params : {}), ...refusal.body }
}
