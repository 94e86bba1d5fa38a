/** What can be said to several tasks at once, each by a command of its own. */
import { api, ask, Refusal } from '@/api/client'
import type { Task, TaskCard, TaskState, Verb } from '@/api/types'
import { newId } from '@/base/ids'

/** What a room may say to several, and in which states it fits. */
export const BULK: Readonly<Partial<Record<Verb, ReadonlySet<TaskState>>>> = {
  close: new Set(['reported']),
  send_back: new Set(['reported']),
  reassign: new Set(['assigned', 'signed', 'en_route', 'on_scene', 'reported']),
  cancel: new Set(['assigned', 'signed', 'en_route', 'on_scene']),
}
export const BULK_VERBS = Object.keys(BULK) as readonly Verb[]

/** What became of one command. */
export type Outcome =
  | { readonly card: TaskCard; readonly status: 'done'; readonly task: Task }
  | { readonly card: TaskCard; readonly status: 'refused'; readonly refusal: Refusal }

/** The tasks that a verb fits by their state; the server has the last word. */
export function fitting(verb: Verb, cards: readonly TaskCard[]): TaskCard[] {
  return cards.filter(({ state }) => BULK[verb]?.has(state))
}

/** Sends a verb to each task in turn, and tells of each what became of it. */
export async function* sendToEach(
  verb: Verb,
  data: Readonly<Record<string, unknown>>,
  cards: readonly TaskCard[],
  send: (taskId: number, verb: Verb, data: Readonly<Record<string, unknown>>) => Promise<Task> = command,
): AsyncGenerator<Outcome> {
  for (const card of cards) {
    try {
      yield { card, status: 'done', task: await send(card.id, verb, data) }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      yield { card, status: 'refused', refusal: error }
    }
  }
}

/**
 * One command under an id of its own. Where no answer came it is sent once more under the same id,
 * and so takes effect once.
 */
export async function command(taskId: number, verb: Verb, data: Readonly<Record<string, unknown>>): Promise<Task> {
  const body = { id: newId(), verb, occurred_at: new Date().toISOString(), data: { ...data } }
  const params = { path: { task_id: taskId } }
  const send = async () =>
    (await ask(api.POST('/api/v1/tasks/{task_id}/commands', { params, body }))).task
  try {
    return await send()
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'network.unreachable') throw error
    return send()
  }
}
