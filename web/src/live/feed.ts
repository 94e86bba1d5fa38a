/** The command room's picture: a snapshot and the events on top of it, as a pure reducer. */
import type { FeedEvent, Resync, TaskCard } from '@/api/types'
import { byId, withCard, withCards, type Cards } from './cards'

export interface FeedState {
  readonly epoch: string | null
  readonly seq: number
  readonly tasks: Cards
}

export const EMPTY_FEED: FeedState = { epoch: null, seq: 0, tasks: {} }

export function applySnapshot(message: Resync): FeedState {
  return { epoch: message.epoch, seq: message.seq, tasks: byId(message.snapshot.tasks ?? []) }
}

/**
 * The picture after some events, in one change: whatever looks at it is made anew once, however many
 * came. An event that was already applied changes nothing.
 */
export function applyEvents(state: FeedState, events: readonly FeedEvent[]): FeedState {
  let { seq } = state
  const told: TaskCard[] = []
  for (const event of events) {
    if (event.seq <= seq) continue
    seq = event.seq
    if ('task' in event.data) told.push(event.data.task)
  }
  return seq === state.seq ? state : { ...state, seq, tasks: withCards(state.tasks, told) }
}

/** The picture with what a command answered, which may be ahead of the feed. */
export function applyCard(state: FeedState, card: TaskCard): FeedState {
  return { ...state, tasks: withCard(state.tasks, card) }
}
