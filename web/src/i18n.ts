/** Languages: the interface's own texts and the reasons, whose single source is the server's. */
import { createI18n } from 'vue-i18n'

import type { Because } from '@/api/types'
import { useRequestLocale } from '@/api/client'
import { say, type ReasonTexts } from '@/base/reasons'
import en from './locales/en.json'
import zhCN from './locales/zh-CN.json'

export const LOCALES = ['zh-CN', 'en'] as const
export type Locale = (typeof LOCALES)[number]
const STORED_AS = 'gridserver.locale'

const reasonFiles = import.meta.glob<ReasonTexts>('@reasons/*.json', {
  eager: true,
  import: 'default',
})

function reasonTexts(locale: Locale): ReasonTexts {
  const path = Object.keys(reasonFiles).find((each) => each.endsWith(`/${locale}.json`))
  return path ? reasonFiles[path]! : {}
}

const reasons: Record<Locale, ReasonTexts> = {
  'zh-CN': reasonTexts('zh-CN'),
  en: reasonTexts('en'),
}

/** What was chosen here before, else what the browser speaks first, else Chinese. */
function firstLocale(): Locale {
  const stored = localStorage.getItem(STORED_AS)
  const spoken = navigator.language.startsWith('en') ? 'en' : 'zh-CN'
  return LOCALES.find((each) => each === stored) ?? spoken
}

export const i18n = createI18n({
  legacy: false,
  locale: firstLocale(),
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zhCN, en },
})

export function currentLocale(): Locale {
  return i18n.global.locale.value as Locale
}

export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale
  localStorage.setItem(STORED_AS, locale)
  announce(locale)
}

function announce(locale: Locale): void {
  document.documentElement.lang = locale
  document.title = i18n.global.t('app.title')
  useRequestLocale(locale)
}

announce(firstLocale())

/** A reason in the present language. */
export function reasonText(because: Because): string {
  const locale = currentLocale()
  return say(because, reasons[locale], locale)
}
