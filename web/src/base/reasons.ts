/** Reasons as sentences; the same composition as `gridserver.dispatch.texts` makes of the files. */
import type { Because } from '@/api/types'

export type ReasonTexts = Readonly<Record<string, string>>

/** Parameters that add a sentence of their own, in this order. */
const TAILS = [
  'distance_m',
  'neighbours',
  'stands_in',
  'work_of',
  'unit_name',
  'day_name',
  'absent',
  'off_duty',
  'unreachable',
]
const LISTS: Record<string, string> = { 'zh-CN': '、', en: ', ' }
const BETWEEN_SENTENCES: Record<string, string> = { 'zh-CN': '', en: ' ' }

/** The reason by `texts`; a code that they don't know keeps the text that the server sent. */
export function say(because: Because, texts: ReasonTexts, locale: string): string {
  const { code, params, text } = because
  const keys = [code, ...TAILS.filter((name) => name in params).map((name) => `tail.${name}`)]
  const sentences = keys.map((key) => texts[key])
  if (sentences.some((sentence) => sentence === undefined)) return text
  const words = Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, word(name, value, texts, locale)]),
  )
  return sentences
    .map((sentence) => sentence!.replace(/\{(\w+)\}/g, (_, name: string) => words[name] ?? ''))
    .join(BETWEEN_SENTENCES[locale] ?? ' ')
}

/** A value as it is said: a list joined, by its own word for each language, or by the texts' word. */
function word(name: string, value: unknown, texts: ReasonTexts, locale: string): string {
  if (Array.isArray(value)) {
    return value.map((each) => word(name, each, texts, locale)).join(LISTS[locale] ?? ', ')
  }
  if (value !== null && typeof value === 'object') {
    return (value as Record<string, string>)[locale] ?? ''
  }
  return texts[`${name}:${String(value)}`] ?? String(value ?? '')
}
