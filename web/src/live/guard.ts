/** When a terminal lets go of what it keeps: contact, wrong PINs, and PINs that are none; pure. */

/** guardrails: what came from the server is wiped after a day without contact. */
export const AWAY_LIMIT_MS = 24 * 3600_000

/** The last contact with the server, and the latest moment that the device's clock has shown. */
export interface Contact {
  readonly at: number
  readonly latest: number
}

export function contactAt(now: number): Contact {
  return { at: now, latest: now }
}

/** A clock that is set back wins no time: the latest moment that was seen counts. */
export function seenAt(contact: Contact, now: number): Contact {
  return { ...contact, latest: Math.max(contact.latest, now) }
}

export function isAwayTooLong(contact: Contact, now: number): boolean {
  return seenAt(contact, now).latest - contact.at >= AWAY_LIMIT_MS
}

/** Wrong PINs in a row, and the moment before which no other is taken. */
export interface Tries {
  readonly wrong: number
  readonly until: number
}

export const NO_TRIES: Tries = { wrong: 0, until: 0 }
export const MOST_TRIES = 10
const FREE_TRIES = 4
const FIRST_DELAY_MS = 30_000

/** The tries after one that isn't known to be right; the fifth and those after it cost time. */
export function afterTry({ wrong }: Tries, now: number): Tries {
  return { wrong: wrong + 1, until: now + delayMs(wrong + 1) }
}

function delayMs(wrong: number): number {
  return wrong > FREE_TRIES ? FIRST_DELAY_MS * 2 ** (wrong - FREE_TRIES - 1) : 0
}

/** How long to wait before the next try; a clock that was set back makes it no longer. */
export function waitMs({ wrong, until }: Tries, now: number): number {
  return Math.min(Math.max(until - now, 0), delayMs(wrong))
}

export const PIN_LENGTH = 6

/** Whether a PIN is one of the first that a finder would try: one digit, or digits in a row. */
export function isWeakPin(pin: string): boolean {
  const digits = Array.from(pin, Number)
  const steps = new Set(digits.slice(1).map((digit, index) => (digit - digits[index]! + 10) % 10))
  return steps.size <= 1 && [0, 1, 9].includes([...steps][0] ?? 0)
}
