/** When a desk was last touched, in all pages of this browser together. */

/** How often the server is told, while somebody works. */
export const REPORTS_EVERY_MS = 60_000

const STORED_AS = 'gridserver.touched'
/** A touch is noted this often; each would be a write. */
const NOTED_EVERY_MS = 5000
let noted = 0

export function touched(now: number): void {
  if (now - noted >= NOTED_EVERY_MS || now < noted) note(now)
}

/** Notes a touch at once: that a desk was opened, which the other pages hear. */
export function note(now: number): void {
  noted = now
  localStorage.setItem(STORED_AS, String(now))
}

/** The last touch, in milliseconds; by a page that was closed too. */
export function lastTouch(): number {
  return Math.max(noted, Number(localStorage.getItem(STORED_AS)) || 0)
}

/** Whether nobody touched it for `afterMs`; 0 is never. A clock that was set back proves nothing. */
export function isIdle(last: number, now: number, afterMs: number): boolean {
  return afterMs > 0 && now - last >= afterMs
}
