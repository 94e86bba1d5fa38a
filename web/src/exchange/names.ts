import type { Partner } from './types'

/** The partner's name in the reader's language, where it has one. */
export function nameOf(partner: Partner, locale: string): string {
  return (locale === 'en' && partner.name_en) || partner.name
}
