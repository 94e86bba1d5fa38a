import { useI18n } from 'vue-i18n'

/** How long ago something was, in the reader's words: minutes, then hours, then days. */
export function useAge(): (minutes: number) => string {
  const { t } = useI18n()
  return (minutes) => {
    if (minutes < 60) return t('presence.minutes', { n: Math.max(1, minutes) })
    const hours = Math.floor(minutes / 60)
    return hours < 48 ? t('presence.hours', { n: hours }) : t('presence.days', { n: Math.floor(hours / 24) })
  }
}
