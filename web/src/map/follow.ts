/**
 * Two windows of one account on two monitors: what is chosen in one is chosen in the other, and a
 * place that is clicked on the map alone opens the form on the board. Nothing leaves the browser.
 */
import type { Place } from './usePickedPoint'

/** Where a map looks. */
export interface View extends Place {
  readonly zoom: number
}

export type Said =
  | { readonly kind: 'hello' }
  | { readonly kind: 'task'; readonly task: number }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'view'; readonly view: View }

/** What a window does about what another one says. */
export interface Led {
  choose(task: number): void
  pick(place: Place): void
  look(view: View): void
}

export interface Follower {
  /** A person chose here; passed on unless the others know. */
  chose(task: number): void
  picked(place: Place): void
  moved(view: View): void
  hear(said: Said): void
}

/**
 * One window's part. A task that came from another window is never sent back, however often the
 * page tells of it, so that two windows can't lead each other in a circle. Of views the caller tells
 * only those that a person moved to.
 */
export function follower(send: (said: Said) => void, led: Led, sharesView: () => boolean): Follower {
  let known: number | null = null
  let view: View | null = null

  function chose(task: number): void {
    if (task === known) return
    known = task
    send({ kind: 'task', task })
  }
  function moved(next: View): void {
    view = next
    if (sharesView()) send({ kind: 'view', view: next })
  }
  function hear(said: Said): void {
    if (said.kind === 'hello') return welcome()
    if (said.kind === 'place') return led.pick(said.place)
    if (said.kind === 'view') return sharesView() ? led.look(said.view) : undefined
    if (said.task === known) return
    known = said.task
    led.choose(said.task)
  }
  /** A window that opens later is told what this one shows. */
  function welcome(): void {
    if (known !== null) send({ kind: 'task', task: known })
    if (view !== null && sharesView()) send({ kind: 'view', view })
  }
  return { chose, picked: (place) => send({ kind: 'place', place }), moved, hear }
}
