/** Going through the rows by the keyboard, and marking several. */

export type Marks = ReadonlySet<number>
export const NO_MARKS: Marks = new Set()

/** The row that lies `by` rows on, and no farther than the ends; the first where none is active. */
export function rowAt(order: readonly number[], active: number | null, by: number): number | null {
  const at = active === null ? -1 : order.indexOf(active)
  if (at === -1) return order[0] ?? null
  return order[Math.min(Math.max(at + by, 0), order.length - 1)] ?? null
}

export function toggled(marks: Marks, id: number): Marks {
  const next = new Set(marks)
  if (!next.delete(id)) next.add(id)
  return next
}

/** The marks with all rows from one to another, both included. */
export function ranged(marks: Marks, order: readonly number[], from: number | null, to: number): Marks {
  const ends = [order.indexOf(from ?? to), order.indexOf(to)].sort((a, b) => a - b)
  if (ends[0] === -1) return new Set([...marks, to])
  return new Set([...marks, ...order.slice(ends[0], ends[1]! + 1)])
}

/** The marks that are still shown; the same set where that is all of them. */
export function stillShown(marks: Marks, shown: ReadonlySet<number>): Marks {
  const left = [...marks].filter((id) => shown.has(id))
  return left.length === marks.size ? marks : new Set(left)
}
