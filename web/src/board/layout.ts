/**
 * Where the lists of the board stand in their scroller, in px: heads and rows have fixed heights, so
 * that of thousands of rows only those in view are drawn.
 */
export const HEAD = 38
export const ROW = 72
/** Rows that are drawn beyond each edge of what is in view. */
const BEYOND = 4

export interface Section {
  readonly count: number
  readonly folded: boolean
}

export interface Span {
  readonly from: number
  readonly to: number
}

/** Where each section's head begins. */
export function topsOf(sections: readonly Section[]): number[] {
  let top = 0
  return sections.map((section) => {
    const own = top
    top += HEAD + heightOf(section)
    return own
  })
}

/** How much a section's rows take up. */
export function heightOf({ count, folded }: Section): number {
  return folded ? 0 : count * ROW
}

/** Which rows of a section are drawn: those that what is in view shows, and some beyond. */
export function rowsInView(section: Section, top: number, view: { top: number; height: number }): Span {
  if (section.folded) return { from: 0, to: 0 }
  const start = view.top - top - HEAD
  const from = Math.floor(start / ROW) - BEYOND
  const to = Math.ceil((start + view.height) / ROW) + BEYOND
  return { from: clamp(from, section.count), to: clamp(to, section.count) }
}

/** Where to scroll so that a row is wholly in view, under its sticking head; where it is, it stays. */
export function scrollFor(top: number, row: number, view: { top: number; height: number }): number {
  const start = top + row * ROW
  const end = top + HEAD + (row + 1) * ROW
  if (view.top > start) return start
  return view.top + view.height < end ? end - view.height : view.top
}

function clamp(row: number, count: number): number {
  return Math.min(Math.max(row, 0), count)
}
