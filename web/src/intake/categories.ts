/** The bureau's table of categories as keys go through it: a class first, then what is below it. */
import type { Category } from '@/api/types'

/** The keys of a list's entries, in their order. */
export const KEYS = '123456789abcdefghijklmnopqrstuvwxyz'

/** What stands below a category, in the bureau's order; below none: the top ones. */
export function below(categories: readonly Category[], code: string | null): Category[] {
  if (code !== null) return categories.filter((each) => each.parent === code)
  const known = new Set(categories.map((each) => each.code))
  return categories.filter((each) => each.parent === null || !known.has(each.parent))
}

/** A category with all that stands above it, the top one first; empty for one that isn't known. */
export function pathTo(categories: readonly Category[], code: string | null): Category[] {
  const found = categories.find((each) => each.code === code)
  return found ? [...pathTo(categories, found.parent), found] : []
}

/** Where keys lead next: below a category where there is more to say, else beside it. */
export function levelOf(categories: readonly Category[], code: string | null): string | null {
  if (code === null || below(categories, code).length) return code
  return pathTo(categories, code).at(-2)?.code ?? null
}

/** The category that a key names in the list below `level`. */
export function byKey(
  categories: readonly Category[],
  level: string | null,
  key: string,
): Category | null {
  const place = key.length === 1 ? KEYS.indexOf(key.toLowerCase()) : -1
  return below(categories, level)[place] ?? null
}
