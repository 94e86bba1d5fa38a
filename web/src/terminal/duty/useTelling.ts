import { computed, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'

import { useBureau } from '@/stores/bureau'
import type { Telling } from './times'

/** How times are told here: in the present language, by the bureau's clocks. */
export function useTelling(): ComputedRef<Telling> {
  const { t, locale } = useI18n()
  const bureau = useBureau()
  return computed(() => ({
    locale: locale.value,
    timeZone: bureau.timezone,
    nextDay: (at) => t('own_duty.next_day', { at }),
  }))
}
