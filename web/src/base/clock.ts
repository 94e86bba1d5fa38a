/** The running clock: server time as far as the answers of the server tell it. */
import { onScopeDispose, readonly, ref, type Ref } from 'vue'

const offset = ref(0)
/** What the server's clock is ahead of this device's, in milliseconds, as it was measured last. */
export const clockOffset = readonly(offset)

const now = ref(serverNow())

/**
 * Learns the clock offset from a `Date` header, which is cut to whole seconds, and moves the running
 * clock on: what an answer says holds from now on must not look as if it were still to come.
 */
export function measureOffset(dateHeader: string | null): void {
  const serverMs = dateHeader === null ? Number.NaN : Date.parse(dateHeader)
  if (Number.isNaN(serverMs)) return
  const measured = serverMs + 500 - Date.now()
  // Below two seconds the header's own coarseness is all that is seen.
  offset.value = Math.abs(measured) < 2000 ? 0 : measured
  known = UNKNOWN
  now.value = serverNow()
}

/** Milliseconds since the epoch by the server's clock. */
export function serverNow(): number {
  return Date.now() + offset.value
}

/** The server's time at a moment that the device's own clock told. */
export function toServer(deviceMs: number): number {
  return deviceMs + offset.value
}

const UNKNOWN = { at: -Infinity, ran: 0 }
/** The latest that it was known to be since the server said the time, and how long the page had run. */
let known = UNKNOWN

/** A moment, or what it must be by what was known and the page's own running: a clock that is set back wins no time. */
export function noEarlier(at: number): number {
  const ran = performance.now()
  known = { at: Math.max(at, known.at + ran - known.ran), ran }
  return known.at
}

let users = 0
let timer: ReturnType<typeof setInterval> | undefined

/** The present moment, ticking once a second while a component looks at it. */
export function useNow(): Readonly<Ref<number>> {
  now.value = serverNow()
  if (users++ === 0) timer = setInterval(() => (now.value = serverNow()), 1000)
  onScopeDispose(() => {
    if (--users === 0) clearInterval(timer)
  })
  return readonly(now)
}
