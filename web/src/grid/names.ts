/** How versions and measures are called where one line must do. */
import { dayOf, hourOf } from '@/base/format'
import type { Version } from './types'

export const STANDINGS = ['draft', 'checked', 'coming', 'in_force', 'retired'] as const
export type Standing = (typeof STANDINGS)[number]

/** Where a version stands in time: a published one is still to come or in force. */
export function standing(version: Version, nowMs: number): Standing {
  if (version.state !== 'published') return version.state
  const coming = version.valid_from !== null && Date.parse(version.valid_from) > nowMs
  return coming ? 'coming' : 'in_force'
}

/** The span in which a version has, had or will have force; null for one that never had. */
export function span(version: Version, timeZone?: string): string | null {
  if (!version.valid_from) return null
  const end = version.valid_to ? moment(version.valid_to, timeZone) : ''
  return `${moment(version.valid_from, timeZone)} – ${end}`
}

/** A moment in the bureau's civil time, to the minute. */
export function moment(at: string, timeZone?: string): string {
  return `${dayOf(at, timeZone)} ${hourOf(at, 'sv-SE', timeZone)}`
}

const HECTARE_M2 = 10_000
const SQUARE_KILOMETRE_M2 = 1_000_000

/** An area in the unit that a person would say it in. */
export function area(m2: number, locale: string): string {
  const [value, unit] = areaIn(Math.abs(m2), m2)
  const digits = { maximumSignificantDigits: 4, useGrouping: true }
  return `${value.toLocaleString(locale, digits)} ${unit}`
}

function areaIn(size: number, m2: number): [number, string] {
  if (size >= SQUARE_KILOMETRE_M2) return [m2 / SQUARE_KILOMETRE_M2, 'km²']
  return size >= HECTARE_M2 ? [m2 / HECTARE_M2, 'ha'] : [m2, 'm²']
}

/** A change of area, with its sign. */
export function areaChange(m2: number, locale: string): string {
  return `${m2 < 0 ? '−' : '+'}${area(Math.abs(m2), locale)}`
}

/** A cell by its code and, where it has another, its name. */
export function labelled(code: string, name: string | undefined): string {
  return name && name !== code ? `${code} ${name}` : code
}
