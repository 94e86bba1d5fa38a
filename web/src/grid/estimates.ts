/** What passes from cell to cell with a boundary, reckoned by area until the server has counted. */
import type { AreaPreview } from './topology'

export type Counted = 'households' | 'calls'

/**
 * The households or calls of each cell after the change, as if they lay evenly over each before it.
 *
 * What is lost goes to those that gain, by the ground they gain; null where a count is not known.
 */
export function estimated(areas: readonly AreaPreview[], counted: Counted): (number | null)[] {
  const given = areas.map((each) => lost(each, counted))
  const passing = given.reduce((sum, each) => (sum === null || each === null ? null : sum + each), 0)
  const ground = Math.max(total(areas, 1), total(areas, -1))
  return areas.map((each, index) => {
    const count = each[counted]
    if (count === null || passing === null) return count
    return count - given[index]! + (ground > 0 ? (passing * grown(each, 1)) / ground : 0)
  })
}

/** How much a cell grows, or with -1 shrinks. */
function grown({ before, after }: AreaPreview, sign: 1 | -1): number {
  return Math.max(0, sign * (after - before))
}

function total(areas: readonly AreaPreview[], sign: 1 | -1): number {
  return areas.reduce((sum, each) => sum + grown(each, sign), 0)
}

function lost(each: AreaPreview, counted: Counted): number | null {
  const shrinks = grown(each, -1)
  const count = each[counted]
  if (shrinks === 0 || each.before <= 0) return 0
  return count === null ? null : (count * shrinks) / each.before
}
