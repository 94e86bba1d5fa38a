/** What comes in faster than it can be drawn is handed on once a frame. */

/** A page that isn't shown has no frames; what comes is handed on so often then. */
const HIDDEN_MS = 250

export interface Frames<Item> {
  add(item: Item): void
  /** Hands on at once what waits. */
  flush(): void
  /** Forgets what waits. */
  drop(): void
}

/** Asks for the next moment to draw; returns what takes the question back. */
export type NextFrame = (work: () => void) => () => void

/** The browser's next frame, or soon where the page isn't shown, whichever comes first. */
export const nextFrame: NextFrame = (work) => {
  const frame = requestAnimationFrame(work)
  const timer = setTimeout(work, HIDDEN_MS)
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}

/** Gathers items and gives all that came since the last frame to `take`, in their order. */
export function byFrame<Item>(
  take: (items: readonly Item[]) => void,
  next: NextFrame = nextFrame,
): Frames<Item> {
  let waiting: Item[] = []
  let cancel: (() => void) | null = null

  function drop(): void {
    cancel?.()
    cancel = null
    waiting = []
  }
  function flush(): void {
    const items = waiting
    drop()
    if (items.length) take(items)
  }
  function add(item: Item): void {
    waiting.push(item)
    cancel ??= next(flush)
  }
  return { add, flush, drop }
}
