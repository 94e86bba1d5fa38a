/** Lists that come page by page. */

interface Page<Item> {
  items: Item[]
  next: string | null
}

/** All items of a list; `ask` fetches the page that begins at a cursor. */
export async function everyPage<Item>(
  ask: (cursor: string | undefined) => Promise<Page<Item>>,
): Promise<Item[]> {
  const found: Item[] = []
  let cursor: string | undefined
  do {
    const page = await ask(cursor)
    found.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor)
  return found
}
