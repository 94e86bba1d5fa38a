/** Work that is asked for often and done now and then. */

export interface Throttled {
  /** Has the work done: at once where it wasn't done lately, else once as soon as it may be. */
  ask: () => void
  stop: () => void
}

/** Does `work` at most once in `everyMs`, and not again before the last is over. */
export function throttled(work: () => Promise<void>, everyMs: number): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined
  let busy = false
  let asked = false
  let stopped = false

  async function run(): Promise<void> {
    asked = false
    busy = true
    timer = setTimeout(rest, everyMs)
    await work().finally(() => (busy = false))
    next()
  }
  function rest(): void {
    timer = undefined
    next()
  }
  function next(): void {
    if (asked && !busy && !stopped && timer === undefined) void run()
  }
  return {
    ask: () => {
      asked = true
      next()
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}
