import { useI18n } from 'vue-i18n'

import { dayOf, hourOf, secondOf } from '@/base/format'
import { useBureau } from '@/stores/bureau'

export interface MomentWords {
  /** `2026-11-22 14:03` */
  toMinute: (at: string | number) => string
  /** `2026-11-22 14:03:20`, as the record has it. */
  toSecond: (at: string | number) => string
}

/** Writes a moment with its day, in the bureau's time. */
export function useMoment(): MomentWords {
  const { locale } = useI18n()
  const bureau = useBureau()
  const day = (at: string | number) => dayOf(at, bureau.timezone)
  return {
    toMinute: (at) => `${day(at)} ${hourOf(at, locale.value, bureau.timezone)}`,
    toSecond: (at) => `${day(at)} ${secondOf(at, locale.value, bureau.timezone)}`,
  }
}
