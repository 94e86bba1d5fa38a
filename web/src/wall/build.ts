/** The entry that a page's markup names, with the hash of what is in it; null where it names none. Pure. */
export function buildOf(markup: string): string | null {
  return /<script[^>]+src="([^"]+)"/.exec(markup)?.[1] ?? null
}
