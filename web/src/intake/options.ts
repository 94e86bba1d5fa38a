/** What the place field offers for the words in it. */
import type { components } from '@/api/schema'
import { readPair } from './coordinates'

export type FoundPlace = components['schemas']['FoundPlace']
export type FoundCell = components['schemas']['CellPoint']

export type Option =
  | { kind: 'place'; key: string; place: FoundPlace }
  | { kind: 'cell'; key: string; cell: FoundCell }
  | { kind: 'words'; key: string }

const SHORTEST_CODE = 3

/** Whether words may be a cell's code, or a part of one. */
export function mayBeCode(words: string): boolean {
  return words.length >= SHORTEST_CODE && /^[\w-]+$/.test(words) && /\d/.test(words)
}

/**
 * The options, the likeliest first; the words themselves can always be kept as the address. None for
 * coordinates, which mean what they are said to be in.
 */
export function optionsFor(
  words: string,
  places: readonly FoundPlace[],
  cells: readonly FoundCell[],
): Option[] {
  if (!words || readPair(words)) return []
  return [
    ...places.map((place) => ({ kind: 'place' as const, key: `place-${place.id}`, place })),
    ...cells.map((cell) => ({ kind: 'cell' as const, key: `cell-${cell.code}`, cell })),
    { kind: 'words', key: 'words' },
  ]
}

/** What a place is written down as: its name, and where that is if the name doesn't say so. */
export function nameOf({ name, address }: Pick<FoundPlace, 'name' | 'address'>): string {
  if (!address || name.includes(address)) return name
  return address.includes(name) ? address : `${name}（${address}）`
}
