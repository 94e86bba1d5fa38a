import { onBeforeUnmount, onMounted } from 'vue'

/** How soon it is tried again while the browser thinks that it is online. */
const AGAIN_MS = 5_000

/**
 * Completes a map for which something got no answer: with the line, or soon where the line is back
 * already, or only the server was away. What stands on it stays until the server says anything.
 */
export function useMissing(complete: () => void): { note: () => void } {
  let missing = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function note(): void {
    missing = true
    if (navigator.onLine) askSoon()
  }

  function askSoon(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void ask(), AGAIN_MS)
  }

  async function ask(): Promise<void> {
    try {
      await fetch('/healthz', { cache: 'no-store' })
    } catch {
      if (missing) askSoon()
      return
    }
    again()
  }

  function again(): void {
    if (!missing) return
    leave()
    complete()
  }

  function leave(): void {
    missing = false
    clearTimeout(timer)
  }

  onMounted(() => window.addEventListener('online', again))
  onBeforeUnmount(() => {
    window.removeEventListener('online', again)
    leave()
  })
  return { note }
}
