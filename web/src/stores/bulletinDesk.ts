import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import type { Role, Unit } from '@/api/types'
import { useAttempt } from '@/base/attempt'
import * as door from '@/bulletins/door'
import type { Contents, Detail, Head, NewBulletin, StepDone, Terms } from '@/bulletins/types'
import { units as allUnits } from '@/duty/door'
import { sheetUnits, unitsBelow } from '@/duty/units'
import { currentLocale } from '@/i18n'
import { useFeed } from './feed'
import { useSession } from './session'

/** The bulletins of one unit at a time, and the one that is looked at. */
export const useBulletinDesk = defineStore('bulletinDesk', () => {
  const session = useSession()
  const feed = useFeed()
  const { busy, refusal, attempt } = useAttempt()

  const units = shallowRef<Unit[]>([])
  const terms = shallowRef<Terms | null>(null)
  const unit = ref<string | null>(null)
  const state = ref<'open' | 'all'>('open')
  const listed = shallowRef<Head[]>([])
  const next = ref<string | null>(null)
  const chosen = shallowRef<Detail | null>(null)
  /** What the chosen one says, once somebody asked for it. */
  const told = shallowRef<Contents | null>(null)

  /** The units in whose name the account writes. */
  const speakers = computed(() => {
    const held = session.account?.roles.filter((each) => (each.role as Role) === 'command') ?? []
    const roots = new Set(held.map((each) => each.unit.code))
    return sheetUnits(unitsBelow(units.value, roots), roots).filter(({ kind }) => kind === 'bureau' || kind === 'station')
  })

  function nameOf(code: string): string {
    const found = units.value.find((each) => each.code === code)
    return (currentLocale() === 'en' && found?.name_en) || found?.name || code
  }

  async function open(): Promise<void> {
    ;[units.value, terms.value] = await Promise.all([allUnits(), door.terms()])
    unit.value = speakers.value[0]?.code ?? null
    await Promise.all([load(), feed.following ? null : feed.open()])
  }

  async function load(): Promise<void> {
    const page = await attempt(() => door.bulletins(unit.value, state.value))
    if (!page) return
    listed.value = page.items
    next.value = page.next
  }

  async function more(): Promise<void> {
    const page = await attempt(() => door.bulletins(unit.value, state.value, next.value ?? undefined))
    if (!page) return
    listed.value = [...listed.value, ...page.items]
    next.value = page.next
  }

  async function choose(id: number): Promise<void> {
    if (chosen.value?.id !== id) told.value = null
    chosen.value = await attempt(() => door.bulletin(id))
  }

  async function look(): Promise<void> {
    if (chosen.value) told.value = await attempt(() => door.contents(chosen.value!.id))
  }

  async function change(work: () => Promise<Detail>): Promise<boolean> {
    const changed = await attempt(work)
    if (!changed) return false
    if (chosen.value?.id !== changed.id) told.value = null
    chosen.value = changed
    await load()
    return true
  }

  const write = (body: NewBulletin) => change(() => door.write(body))
  const step = (body: StepDone) => change(() => door.step(chosen.value!.id, body))

  watch([unit, state], () => {
    chosen.value = null
    told.value = null
    void load()
  })
  watch(
    () => feed.bulletinChanges,
    () => {
      void load()
      if (chosen.value) void choose(chosen.value.id)
    },
  )

  function leave(): void {
    chosen.value = null
    told.value = null
    listed.value = []
    feed.close()
  }

  return { busy, refusal, units, terms, unit, state, listed, next, chosen, told, speakers, nameOf, open, load, more, choose, look, write, step, leave }
})
