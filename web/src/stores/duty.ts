import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import type { Officer, Role, Unit } from '@/api/types'
import { useAttempt } from '@/base/attempt'
import { serverNow } from '@/base/clock'
import { dayOf } from '@/base/format'
import { addDays, daysOf, monthOf, weekOf } from '@/duty/days'
import * as door from '@/duty/door'
import type { Absence, Pattern, Post, Shift, Swap, Voids, Year } from '@/duty/types'
import { sheetUnits, unitsBelow } from '@/duty/units'
import { useBureau } from './bureau'
import { useSession } from './session'

const READERS: ReadonlySet<Role> = new Set(['command', 'admin', 'gis_admin', 'auditor'])
const EDITORS: ReadonlySet<Role> = new Set(['command', 'admin'])

/** The roster of one unit for a week or a month, and what is wrong with the days to come. */
export const useDuty = defineStore('duty', () => {
  const session = useSession()
  const bureau = useBureau()
  const { busy, refusal, attempt } = useAttempt()

  const units = shallowRef<Unit[]>([])
  const unit = ref('')
  const date = ref(dayOf(serverNow(), bureau.timezone))
  const scale = ref<'week' | 'month'>('week')
  const officers = shallowRef<Officer[]>([])
  const shifts = shallowRef<Shift[]>([])
  const absences = shallowRef<Absence[]>([])
  const patterns = shallowRef<Pattern[]>([])
  const posts = shallowRef<Post[]>([])
  const swaps = shallowRef<Swap[]>([])
  const voids = shallowRef<Voids | null>(null)
  const years = shallowRef<Readonly<Record<number, Year>>>({})
  /** Code of the unit that the alarm pointed at. */
  const pointed = ref<string | null>(null)
  let asked = 0

  const sheets = computed(() => sheetUnits(units.value, rootsOf(READERS)))
  const below = computed(() => unitsBelow(units.value, new Set([unit.value])))
  const days = computed(() =>
    daysOf(scale.value === 'week' ? weekOf(date.value) : monthOf(date.value), bureau.timezone),
  )
  const mayEdit = computed(() =>
    unitsBelow(units.value, rootsOf(EDITORS)).some((each) => each.code === unit.value),
  )
  const maySetDays = computed(() => {
    const roots = rootsOf(EDITORS)
    return units.value.some((each) => each.kind === 'bureau' && roots.has(each.code))
  })

  function rootsOf(roles: ReadonlySet<Role>): Set<string> {
    const held = session.account?.roles.filter((each) => roles.has(each.role as Role)) ?? []
    return new Set(held.map((each) => each.unit.code))
  }

  /** Opens the page: the units in scope, and the first with a sheet of its own. */
  async function open(): Promise<void> {
    units.value = unitsBelow(await door.units(), rootsOf(READERS))
    posts.value = await door.posts()
    date.value = dayOf(serverNow(), bureau.timezone)
    const first = sheets.value.find((each) => each.kind === 'station') ?? sheets.value[0]
    if (!sheets.value.some((each) => each.code === unit.value)) unit.value = first?.code ?? ''
  }

  /** Reads the sheet; an answer that a later choice has overtaken is dropped. */
  async function load(): Promise<void> {
    const mine = ++asked
    const seen = { unit: unit.value, from: iso(days.value[0]!.start), to: iso(days.value.at(-1)!.end) }
    await attempt(async () => {
      const found = await Promise.all([
        door.officers(seen.unit),
        door.shifts(seen),
        door.absences(seen),
        door.patterns(seen.unit),
        loadYears(),
      ])
      if (mine !== asked) return
      ;[officers.value, shifts.value, absences.value, patterns.value] = found
    })
  }

  /** Reads what waits for somebody: voids and swaps. */
  async function loadAlarms(): Promise<void> {
    await attempt(async () => {
      ;[voids.value, swaps.value] = await Promise.all([door.voids(), door.swaps()])
    })
  }

  async function loadYears(): Promise<void> {
    const shown = new Set(days.value.map((day) => Number(day.date.slice(0, 4))))
    for (const year of shown) if (!years.value[year]) await loadYear(year)
  }

  async function loadYear(year: number): Promise<void> {
    years.value = { ...years.value, [year]: await door.year(year) }
  }

  /** Does a change; when it went well, everything that may say otherwise now is read again. */
  async function change(work: () => Promise<unknown>): Promise<boolean> {
    const done = await attempt(async () => {
      await work()
      return true
    })
    if (done) await Promise.all([load(), loadAlarms()])
    return done === true
  }

  function move(steps: number): void {
    const dates = days.value.map((day) => day.date)
    date.value = steps < 0 ? addDays(dates[0]!, -1) : addDays(dates.at(-1)!, 1)
  }

  return {
    units,
    unit,
    date,
    scale,
    officers,
    shifts,
    absences,
    patterns,
    posts,
    swaps,
    voids,
    years,
    pointed,
    sheets,
    below,
    days,
    mayEdit,
    maySetDays,
    busy,
    refusal,
    attempt,
    open,
    load,
    loadAlarms,
    loadYear,
    change,
    move,
  }
})

function iso(at: number): string {
  return new Date(at).toISOString()
}
