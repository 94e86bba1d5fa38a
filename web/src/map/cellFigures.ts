/** Cells coloured by a figure: which class each falls into, and what its label says; pure. */
import type { TaskCard } from '@/api/types'
import { ENDED } from '@/live/cards'
import type { CellCalls } from './types'

/** Cells coloured by whose they are, by their load, or by what they are called for most. */
export const COLOURINGS = ['station', 'load', 'category'] as const
export type Colouring = (typeof COLOURINGS)[number]
/** What counts as a cell's load: tasks that are open now, or calls of the last days. */
export const BASES = ['open', 'calls'] as const
export type Basis = (typeof BASES)[number]

export const BROAD_CLASSES = [
  'criminal',
  'public_order',
  'traffic',
  'dispute',
  'help',
  'report',
  'complaint',
  'other',
] as const
export type BroadClass = (typeof BROAD_CLASSES)[number]

/** As many shades as an eye tells apart beside each other. */
const MOST_CLASSES = 5

/** A cell's place in the legend, and the words on the cell itself. */
export interface Figure {
  readonly rank: number
  readonly label: string
}
export type Figures = ReadonlyMap<string, Figure>

/** Counts from `from` to `to`, both included. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** How many tasks of each cell are open. */
export function openByCell(cards: readonly TaskCard[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { state, incident } of cards) {
    if (ENDED.has(state) || !incident.cell) continue
    counts.set(incident.cell.code, (counts.get(incident.cell.code) ?? 0) + 1)
  }
  return counts
}

/**
 * The classes that counts fall into: about as many different counts in each, none empty. Not as many
 * cells: where most have one call, those with six would be of the same class.
 */
export function rangesOf(counts: Iterable<number>): Range[] {
  const sorted = [...new Set(counts)].filter((count) => count > 0).sort((a, b) => a - b)
  const starts = [...Array(MOST_CLASSES).keys()].map(
    (each) => sorted[Math.floor((each * sorted.length) / MOST_CLASSES)]!,
  )
  const distinct = [...new Set(sorted.length ? starts : [])]
  return distinct.map((from, at) => ({ from, to: (distinct[at + 1] ?? sorted.at(-1)! + 1) - 1 }))
}

export function loadFigures(counts: ReadonlyMap<string, number>, ranges: readonly Range[]): Figures {
  const rankOf = (count: number) => ranges.findIndex(({ to }) => count <= to)
  return new Map([...counts].map(([cell, count]) => [cell, { rank: rankOf(count), label: String(count) }]))
}

/** By the commonest class; `nameOf` says it in words, because colour alone says nothing to some. */
export function classFigures(calls: readonly CellCalls[], nameOf: (broad: BroadClass) => string): Figures {
  return new Map(
    calls.map(({ cell, commonest }) => [
      cell,
      { rank: BROAD_CLASSES.indexOf(commonest), label: nameOf(commonest) },
    ]),
  )
}

/** The cells whose figure is another now; null: the cell has none any longer. */
export function figuresChanged(before: Figures, after: Figures): [string, Figure | null][] {
  const changed = [...after].filter(([cell, { rank }]) => before.get(cell)?.rank !== rank)
  const gone = [...before.keys()].filter((cell) => !after.has(cell))
  return [...changed, ...gone.map((cell): [string, null] => [cell, null])]
}
