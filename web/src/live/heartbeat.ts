/**
 * A lost link is noticed by what isn't answered: the protocol's own pings need 45 s for it, and the
 * browser says "offline" only of its own cable.
 *
 * A beat is sent a second after the last; one that has no answer for `LOST_MS` means a lost link, so
 * that a loss is shown within 1000 + 1500 + 250 ms. A late answer takes that back; without one the
 * connection is given up and made anew.
 */
const TICK_MS = 250
const EVERY_MS = 1000
const LOST_MS = 1500
const GIVE_UP_MS = 5000

export interface Line {
  /** Whether there is a connection to send on. */
  connected: () => boolean
  /** Sends a beat; `answered` is called when the other end has it. */
  send: (answered: () => void) => void
  lost: () => void
  found: () => void
  giveUp: () => void
}

export interface Heartbeat {
  tick(now: number): void
}

/** Watches a line, looked after by `tick` with a clock in milliseconds. */
export function heartbeat(line: Line): Heartbeat {
  let sent = -Infinity
  /** When the beat that has no answer yet was sent. */
  let pending: number | null = null
  let isLost = false

  function beat(now: number): void {
    sent = now
    pending = now
    line.send(() => {
      if (pending !== now) return
      pending = null
      if (isLost) line.found()
      isLost = false
    })
  }

  function tick(now: number): void {
    if (!line.connected()) {
      pending = null
      isLost = false
    } else if (pending === null) {
      if (now - sent >= EVERY_MS) beat(now)
    } else if (now - pending >= GIVE_UP_MS) {
      pending = null
      isLost = false
      line.giveUp()
    } else if (now - pending >= LOST_MS && !isLost) {
      isLost = true
      line.lost()
    }
  }
  return { tick }
}

/** Looks after a heartbeat until the returned function is called. */
export function keepBeating(watched: Heartbeat): () => void {
  const timer = setInterval(() => watched.tick(performance.now()), TICK_MS)
  return () => clearInterval(timer)
}
