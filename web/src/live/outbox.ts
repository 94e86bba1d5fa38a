/**
 * The queue of an officer's commands, in the order in which they were given.
 *
 * `unkept` isn't on the device yet and would be lost with the page, `queued` waits for the link,
 * `sent` waits for the answer, `done` and `refused` are answers.
 * Whatever was sent without an answer is sent again under the same id; the server makes that
 * harmless.
 */
import type { Command, CommandAnswer, Subject, TaskCard, TaskState, Verb } from '@/api/types'

export type Entry = Command &
  (
    | { status: 'unkept' | 'queued' | 'sent' | 'done' }
    | { status: 'refused'; code: string; detail: string }
  )

export type Outbox = readonly Entry[]

/** How many commands are remembered; those without an answer are, however many they are. */
const REMEMBERED = 200

export function enqueue(outbox: Outbox, command: Command): Outbox {
  return [...outbox, { ...command, status: 'unkept' }]
}

/** The device keeps some commands from now on. */
export function markKept(outbox: Outbox, kept: Outbox = outbox): Outbox {
  const ids = new Set(kept.map(({ id }) => id))
  return outbox.map((entry) =>
    entry.status === 'unkept' && ids.has(entry.id) ? { ...entry, status: 'queued' } : entry,
  )
}

/** What is remembered: the oldest answers are forgotten. */
export function remembered(outbox: Outbox): Outbox {
  let excess = outbox.length - REMEMBERED
  return outbox.filter((entry) => isPending(entry) || excess-- <= 0)
}

/** What to send now: the oldest command without an answer, unless it is already on its way. */
export function nextToSend(outbox: Outbox): Entry | null {
  const first = outbox.find(isPending)
  return first && first.status !== 'sent' ? first : null
}

export function markSent(outbox: Outbox, id: string): Outbox {
  return outbox.map((entry) => (entry.id === id ? { ...entry, status: 'sent' } : entry))
}

/** The link broke: what has no answer waits again. */
export function requeue(outbox: Outbox): Outbox {
  return outbox.map((entry) => (entry.status === 'sent' ? { ...entry, status: 'queued' } : entry))
}

export function settle(outbox: Outbox, id: string, answer: CommandAnswer): Outbox {
  return outbox.map((entry) => (entry.id === id ? settled(entry, answer) : entry))
}

function settled(entry: Entry, answer: CommandAnswer): Entry {
  if (answer.status === 'done') return { ...entry, status: 'done' }
  return { ...entry, status: 'refused', code: answer.code, detail: answer.detail }
}

export function pending(outbox: Outbox): Outbox {
  return outbox.filter(isPending)
}

function isPending({ status }: Entry): boolean {
  return status !== 'done' && status !== 'refused'
}

/** What is left when some commands are forgotten: what they said stands elsewhere by now, or is over. */
export function withoutEntries(outbox: Outbox, ids: readonly string[]): Outbox {
  return outbox.filter(({ id }) => !ids.includes(id))
}

/** What was said to a subject, in its order. */
export function saidTo(outbox: Outbox, subject: Subject): Entry[] {
  const [[name, id] = []] = Object.entries(subject)
  return outbox.filter((entry) => name !== undefined && entry[name as 'task'] === id)
}

/** What was said to swaps and has its answer. */
export function settledSwaps(outbox: Outbox): Entry[] {
  return outbox.filter((entry) => entry.swap !== undefined && ['done', 'refused'].includes(entry.status))
}

/** The command of an entry, without what the queue notes beside it. */
export function commandOf(entry: Entry): Command {
  const { id, verb, task, order, swap, bulletin, occurred_at, data, lon, lat } = entry
  return { id, verb, task, order, swap, bulletin, occurred_at, data, lon, lat }
}

/** The state that an officer's own verb leads to, as the server's lifecycle has it. */
const LEADS_TO: Partial<Record<string, TaskState>> = {
  sign: 'signed',
  depart: 'en_route',
  arrive: 'on_scene',
  report: 'reported',
  return: 'assigned',
}

/** The state that the task will be in when every waiting command has gone through. */
export function foreseenState(card: TaskCard, outbox: Outbox): TaskState {
  const waiting = saidTo(pending(outbox), { task: card.id })
  return waiting.reduce<TaskState>((state, entry) => LEADS_TO[entry.verb] ?? state, card.state)
}

/** What the officer can do next, the main verb first. */
export function officerVerbs(state: TaskState): Verb[] {
  switch (state) {
    case 'assigned':
      return ['sign']
    case 'signed':
      return ['depart', 'call_support', 'return']
    case 'en_route':
      return ['arrive', 'call_support', 'return']
    case 'on_scene':
      return ['report', 'call_support', 'return']
    default:
      return []
  }
}
