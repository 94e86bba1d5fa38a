import { useI18n } from 'vue-i18n'

import { dayOf, secondOf } from '@/base/format'
import { useBureau } from '@/stores/bureau'

/** Writes a moment with its day, in the bureau's time. */
export function useMoment(): (at: string) => string {
  const { locale } = useI18n()
  const bureau = useBureau()
  return (at) => `${dayOf(at, bureau.timezone)} ${secondOf(at, locale.value, bureau.timezone)}`
}
