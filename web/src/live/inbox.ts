/** What an officer's terminal holds: cards, their withdrawal, and the cursor behind them. */
import type { InboxMessage, Resync, Task, TaskCard } from '@/api/types'
import { ENDED, UNDER_WAY } from './cards'

export interface Held {
  readonly card: TaskCard
  /** Why the task is no longer this officer's, or null while it is. */
  readonly withdrawn: string | null
}

export interface InboxState {
  readonly epoch: string | null
  readonly seq: number
  readonly held: Readonly<Record<number, Held>>
}

export const EMPTY_INBOX: InboxState = { epoch: null, seq: 0, held: {} }

/**
 * `applied` moves the cursor, `known` was here before, `gap` means that something before this
 * message is missing: the stream has no holes, so the connection must be made anew.
 */
export type Reception = 'applied' | 'known' | 'gap'

export function receive(
  state: InboxState,
  message: InboxMessage,
): { state: InboxState; reception: Reception } {
  if (message.seq <= state.seq) return { state, reception: 'known' }
  if (message.seq > state.seq + 1) return { state, reception: 'gap' }
  return { state: { ...hold(state, heldBy(message)), seq: message.seq }, reception: 'applied' }
}

export function resync(message: Resync): InboxState {
  const held = message.snapshot.tasks.map((card) => [card.id, { card, withdrawn: null }] as const)
  return { epoch: message.epoch, seq: message.seq, held: Object.fromEntries(held) }
}

/** What the answer to a command tells of a task; the cursor stays. */
export function learn(state: InboxState, card: TaskCard, withdrawn: string | null): InboxState {
  // The message that took the task away knows best why.
  const told = state.held[card.id]?.withdrawn
  return hold(state, { card, withdrawn: withdrawn === null ? null : (told ?? withdrawn) })
}

/** Why a task, as a command answered it, is no longer this officer's; null while it is. */
export function withdrawnFrom(username: string, task: Task): string | null {
  const isAsked = task.offers.some((each) => each.open && each.recipient.username === username)
  if (isAsked || task.assignee?.username === username) return null
  switch (task.state) {
    case 'assigned':
      return 'returned'
    case 'cancelled':
    case 'handed_over':
      return task.state
    default:
      return 'other'
  }
}

function heldBy(message: InboxMessage): Held {
  const isGone = message.type === 'task.withdrawn' || message.type === 'task.passed_over'
  const withdrawn = isGone ? (message.data.reason ?? 'other') : null
  return { card: message.data.task, withdrawn }
}

function hold(state: InboxState, next: Held): InboxState {
  const standing = state.held[next.card.id]
  if (standing && standing.card.version > next.card.version) return state
  return { ...state, held: { ...state.held, [next.card.id]: next } }
}

export interface Sections {
  toSign: TaskCard[]
  underWay: TaskCard[]
  done: Held[]
}

/** The task list in the order of work: the nearest deadline, then the priority, then the newest. */
export function sections(state: InboxState): Sections {
  const all = Object.values(state.held)
  const live = all.filter((each) => !each.withdrawn).map((each) => each.card)
  return {
    toSign: live.filter((card) => card.state === 'assigned').sort(byDeadline),
    underWay: live.filter((card) => UNDER_WAY.has(card.state)).sort(byPriority),
    done: all
      .filter(({ card, withdrawn }) => withdrawn || card.state === 'reported' || ENDED.has(card.state))
      .sort((a, b) => b.card.updated_at.localeCompare(a.card.updated_at)),
  }
}

function byDeadline(a: TaskCard, b: TaskCard): number {
  return deadlineMs(a) - deadlineMs(b)
}

function byPriority(a: TaskCard, b: TaskCard): number {
  return (
    a.incident.priority - b.incident.priority ||
    Date.parse(a.incident.reported_at) - Date.parse(b.incident.reported_at)
  )
}

/** The deadline to sign, for ordering: a task without one comes last. */
export function deadlineMs(card: TaskCard): number {
  return card.step?.deadline ? Date.parse(card.step.deadline) : Number.MAX_SAFE_INTEGER
}
