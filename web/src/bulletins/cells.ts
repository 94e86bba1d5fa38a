/** By cell, who was told of a bulletin and who hasn't read it; pure. */
import type { Figures } from '@/map/cellFigures'
import type { AtCell } from './types'

/** The classes of the map, from where all have read it to where nobody has. */
export const CLASSES = ['all', 'most', 'half', 'few', 'none'] as const

/** The class that a cell falls into: the higher, the fewer have read it. */
export function rankOf({ told, not_read }: Pick<AtCell, 'told' | 'not_read'>): number {
  if (not_read === 0) return 0
  if (not_read >= told) return CLASSES.length - 1
  const share = not_read / told
  if (share < 1 / 3) return 1
  return share < 2 / 3 ? 2 : 3
}

/** Each cell's colour, and how many of its officers have read it: `1/2`. */
export function readFigures(items: readonly AtCell[]): Figures {
  const named = items.flatMap((each) => (each.code === null ? [] : [[each.code, each] as const]))
  return new Map(named.map(([code, each]) => [code, { rank: rankOf(each), label: `${each.read}/${each.told}` }]))
}

export function codesOf(items: readonly AtCell[]): string[] {
  return items.flatMap(({ code }) => (code === null ? [] : [code]))
}

/** Where most have still to read it comes first; those without a cell come last. */
export function byUnread(items: readonly AtCell[]): AtCell[] {
  return [...items].sort(
    (a, b) =>
      Number(a.code === null) - Number(b.code === null) ||
      b.not_read - a.not_read ||
      (a.code ?? '').localeCompare(b.code ?? ''),
  )
}
