import type { SwapMessage } from '@/api/types'
import { i18n } from '@/i18n'

/** What happened to a swap, in the present language. */
export function swapNews({ type, data: { swap } }: SwapMessage): string {
  const [one, other] = [swap.officer.display_name, swap.other_officer.display_name]
  return i18n.global.t(`own_duty.news.${type.slice('swap.'.length)}`, { one, other })
}
