/** What is measured, as people read it. Pure. */
const MINUTE_S = 60
const HOUR_S = 3600

/** A value with its unit: seconds as the greatest unit that they are whole numbers of. Other units as they are. */
export function measureWords(value: number, measure: string, locale: string): string {
  const said = (count: number, unit: string) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(count)
  if (measure === 'm') return said(value, 'meter')
  if (measure !== 's') return `${value} ${measure}`
  if (value && value % HOUR_S === 0) return said(value / HOUR_S, 'hour')
  if (value && value % MINUTE_S === 0) return said(value / MINUTE_S, 'minute')
  return said(value, 'second')
}
