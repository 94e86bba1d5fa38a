/** Figures as a leader reads them. Pure. */

/** A span of time by its greatest unit, with one decimal where that says something. */
export function spanWords(seconds: number, locale: string): string {
  const [value, unit] = seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : [seconds / 3600, 'hour']
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: unit as string,
    unitDisplay: 'short',
    maximumFractionDigits: unit === 'second' || value >= 20 ? 0 : 1,
  }).format(value)
}

/** A count, or a mean of counts with one decimal. */
export function countWords(count: number, locale: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(count)
}

/** Below it a change in percent says nothing. */
const FEW = 5

/** How a figure stands to one before: `+12%`, `-8%`, `0%`; null where there were too few before. */
export function changeWords(present: number, before: number, locale: string): string | null {
  if (before < FEW) return null
  return new Intl.NumberFormat(locale, {
    style: 'percent',
    signDisplay: 'exceptZero',
    maximumFractionDigits: 0,
  }).format((present - before) / before)
}

/** The share of the calls that kept their target, in whole percents; null without any target. */
export function keptShare({ with_target, within_target }: { with_target: number; within_target: number }): number | null {
  return with_target === 0 ? null : Math.floor((100 * within_target) / with_target)
}
