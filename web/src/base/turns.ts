/** Has works done one after another, in the order in which they are given. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>

/** A queue of works; one that fails, which its own promise tells, holds up none behind it. */
export function turns(): InTurn {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const done = last.then(work, work)
    last = done
    return done
  }
}
