/** The hours of a pattern's day as one line: `08:30-12:00, 14:00-17:30`. */
import type { Hours } from './types'

const HOURS = /^(\d{1,2}:\d{2})\s*[-–—~]\s*(\d{1,2}:\d{2})$/

/** The hours that a line says; null where it can't be read, none where it is empty. */
export function readHours(line: string): Hours[] | null {
  const parts = line.split(/[,，;；]/).map((part) => part.trim()).filter(Boolean)
  const found = parts.map((part) => HOURS.exec(part))
  if (found.some((match) => match === null)) return null
  return found.map((match) => ({ start: padded(match![1]!), end: padded(match![2]!) }))
}

export function sayHours(hours: readonly Hours[]): string {
  return hours.map(({ start, end }) => `${start}-${end}`).join(', ')
}

function padded(hour: string): string {
  return hour.padStart(5, '0')
}
