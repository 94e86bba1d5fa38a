import { i18n } from '@/i18n'

/** Why a task left this terminal, in the present language. */
export function withdrawnName(reason: string): string {
  const { t, te } = i18n.global
  const key = `withdrawn.${reason}`
  return te(key) ? t(key) : t('withdrawn.other')
}
