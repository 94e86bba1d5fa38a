import { computed, shallowRef } from 'vue'

import type { Role, Unit } from '@/api/types'
import { unitName } from '@/common/names'
import { currentLocale } from '@/i18n'
import { useSession } from '@/stores/session'
import { units as allUnits } from './door'
import { sheetUnits, unitsBelow } from './units'

/** The tree of units, and those in whose name an account with one of `roles` may speak: its own, and
 *  what stands directly below the bureau. */
export function useSpeakers(roles: ReadonlySet<Role>) {
  const session = useSession()
  const units = shallowRef<Unit[]>([])

  const speakers = computed(() => {
    const held = session.account?.roles.filter((each) => roles.has(each.role as Role)) ?? []
    const roots = new Set(held.map((each) => each.unit.code))
    return sheetUnits(unitsBelow(units.value, roots), roots)
  })

  function nameOf(code: string): string {
    const unit = units.value.find((each) => each.code === code)
    return unit ? unitName(unit, currentLocale()) : code
  }

  async function loadUnits(): Promise<void> {
    units.value = await allUnits()
  }

  return { units, speakers, nameOf, loadUnits }
}
