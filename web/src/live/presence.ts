/** Who is there, by the last sign of life of any device of theirs; pure. */

/** When somebody was last seen, and whether the socket told that they left then. Milliseconds. */
export interface Seen {
  at: number
  left: boolean
}
export type Presences = Readonly<Record<string, Seen>>

/** Lays what is known by now over what was: the later sign of life counts. */
export function laterOf(known: Presences, told: Presences): Presences {
  const newer = Object.entries(told).filter(([name, { at }]) => !known[name] || known[name].at < at)
  return newer.length === 0 ? known : { ...known, ...Object.fromEntries(newer) }
}

/** Whether somebody is there: seen not long ago, and not gone since. */
export function isOnline(seen: Seen | undefined, now: number, onlineForMs: number): boolean {
  return seen !== undefined && !seen.left && now - seen.at <= onlineForMs
}
