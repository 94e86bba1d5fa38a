/** The command room's picture: a snapshot and the events on top of it, as a pure reducer. */
import type { FeedEvent, Resync, TaskCard } from '@/api/types'
import { byId, withCard, type Cards } from './cards'

export interface FeedState {
  readonly epoch: string | null
  readonly seq: number
  readonly tasks: Cards
}

export const EMPTY_FEED: FeedState = { epoch: null, seq: 0, tasks: {} }

export function applySnapshot(message: Resync): FeedState {
  return { epoch: message.epoch, seq: message.seq, tasks: byId(message.snapshot.tasks ?? []) }
}

/** The picture after one event; an event that was already applied changes nothing. */
export function applyEvent(state: FeedState, event: FeedEvent): FeedState {
  if (event.seq <= state.seq) return state
  const tasks = 'task' in event.data ? withCard(state.tasks, event.data.task) : state.tasks
  return { ...state, seq: event.seq, tasks }
}

/** The picture with what a command answered, which may be ahead of the feed. */
export function applyCard(state: FeedState, card: TaskCard): FeedState {
  return { ...state, tasks: withCard(state.tasks, card) }
}
