/** How things are called where one line must do. */
import type { IncidentCard } from '@/api/types'

export function categoryName(
  category: { name_zh: string; name_en: string },
  locale: string,
): string {
  return locale === 'en' ? category.name_en : category.name_zh
}

/** A unit's name in the language of the page, where it has one there. */
export function unitName(unit: { name: string; name_en?: string | null }, locale: string): string {
  return (locale === 'en' && unit.name_en) || unit.name
}

/** The address where there is one, else the cell, else the coordinates. */
export function placeName(incident: Pick<IncidentCard, 'address' | 'cell' | 'lon' | 'lat'>): string {
  const coordinates = `${incident.lon.toFixed(5)}, ${incident.lat.toFixed(5)}`
  return incident.address || incident.cell?.name || coordinates
}

/** The number as it is spoken on the radio: always four digits. */
export function spokenNumber(incident: { number: number }): string {
  return String(incident.number).padStart(4, '0')
}
