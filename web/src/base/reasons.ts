/** Reasons as sentences; the same composition as `gridserver.dispatch.texts` makes of the files. */
import type { Because } from '@/api/types'

export type ReasonTexts = Readonly<Record<string, string>>

/** Parameters that add a sentence of their own, in this order. */
const TAILS = ['distance_m', 'neighbours', 'absent', 'off_duty']
const LISTS: Record<string, string> = { 'zh-CN': '、', en: ', ' }
const BETWEEN_SENTENCES: Record<string, string> = { 'zh-CN': '', en: ' ' }

/** The reason by `texts`; a code that they don't know keeps the text that the server sent. */
export function say(because: Because, texts: ReasonTexts, locale: string): string {
  const { code, params, text } = because
  const keys = [code, ...TAILS.filter((name) => name in params).map((name) => `tail.${name}`)]
  const sentences = keys.map((key) => texts[key])
  if (sentences.some((sentence) => sentence === undefined)) return text
  return sentences
    .map((sentence) => filled(sentence!, params, LISTS[locale] ?? ', '))
    .join(BETWEEN_SENTENCES[locale] ?? ' ')
}

function filled(sentence: string, params: Record<string, unknown>, comma: string): string {
  return sentence.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name]
    return Array.isArray(value) ? value.join(comma) : String(value ?? '')
  })
}
