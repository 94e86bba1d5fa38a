/** The tasks that an officer's terminal holds: their cards, and why one is no longer theirs. */
import type { InboxMessage, Snapshot, Task, TaskCard } from '@/api/types'
import { ENDED, UNDER_WAY } from './cards'
import type { Items, Slice } from './slices'

export interface Held {
  readonly card: TaskCard
  /** Why the task is no longer this officer's, or null while it is. */
  readonly withdrawn: string | null
}

export type HeldTasks = Items<Held>

export const taskSlice: Slice<Held> = {
  kind: 'tasks',

  receive(held: HeldTasks, message: InboxMessage): HeldTasks {
    switch (message.type) {
      case 'task.offered':
      case 'task.changed':
        return hold(held, { card: message.data.task, withdrawn: null })
      case 'task.withdrawn':
      case 'task.passed_over':
        return hold(held, { card: message.data.task, withdrawn: message.data.reason ?? 'other' })
      default:
        return held
    }
  },

  fill({ tasks = [] }: Snapshot): HeldTasks {
    return Object.fromEntries(tasks.map((card) => [card.id, { card, withdrawn: null }]))
  },
}

/** What the answer to a command tells of a task. */
export function learn(held: HeldTasks, card: TaskCard, withdrawn: string | null): HeldTasks {
  // The message that took the task away knows best why.
  const told = held[card.id]?.withdrawn
  return hold(held, { card, withdrawn: withdrawn === null ? null : (told ?? withdrawn) })
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

function hold(held: HeldTasks, next: Held): HeldTasks {
  const standing = held[next.card.id]
  if (standing && standing.card.version > next.card.version) return held
  return { ...held, [next.card.id]: next }
}

export interface Sections {
  toSign: TaskCard[]
  underWay: TaskCard[]
  done: Held[]
}

/** The task list in the order of work: the nearest deadline, then the priority, then the newest. */
export function sections(held: HeldTasks): Sections {
  const all = Object.values(held)
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

/** Whether the time of somebody who was told is over and nobody signed, by the server's clock. */
export function isOverdue(card: TaskCard, now: number): boolean {
  return card.overdue_from !== null && Date.parse(card.overdue_from) < now
}

/** The deadline to sign, for ordering: a task without one comes last. */
export function deadlineMs(card: TaskCard): number {
  return card.step?.deadline ? Date.parse(card.step.deadline) : Number.MAX_SAFE_INTEGER
}
