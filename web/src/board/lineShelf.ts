/**
 * The lines that were said at this desk, kept in this browser tab alone until whoever said them signs
 * out: they may hold words of a call.
 */
const STORED_AS = 'gridserver.lines'

interface Kept {
  username: string
  lines: string[]
}

/** Those of this account, the latest last. */
export function keptLines(username: string, storage: Storage = sessionStorage): string[] {
  const text = storage.getItem(STORED_AS)
  if (text === null) return []
  const found = JSON.parse(text) as Kept
  return found.username === username ? found.lines : []
}

export function keepLines(username: string, lines: string[], storage: Storage = sessionStorage): void {
  storage.setItem(STORED_AS, JSON.stringify({ username, lines } satisfies Kept))
}
