/** Captures in words, in the present language. */
import type { CaptureCard } from '@/api/types'
import { i18n } from '@/i18n'

/** What is said aloud when somebody has decided on a capture. */
export function captureNews({ kind, state }: CaptureCard): string {
  const { t } = i18n.global
  return t('capture.news', { kind: t(`capture.kind.${kind}`), state: t(`capture.state.${state}`) })
}
