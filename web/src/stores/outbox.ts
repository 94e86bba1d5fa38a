import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'

import type { CommandAnswer, Subject, TaskCard } from '@/api/types'
import { newId } from '@/base/ids'
import { turns } from '@/base/turns'
import { cardOf } from '@/live/cards'
import {
  commandOf,
  enqueue,
  foreseenState,
  markKept,
  markSent,
  nextToSend,
  pending,
  remembered,
  requeue,
  saidTo,
  settle,
  withoutEntries,
  type Entry,
  type Outbox,
} from '@/live/outbox'
import type { TerminalStorage } from '@/live/storage'
import { withdrawnFrom } from '@/live/tasks'
import { useInbox } from './inbox'
import { usePosition } from './position'

const RETRY_MS = 3000
const FRESH_MS = 120_000

/** Told what was answered, and to what. */
type Learner = (answer: CommandAnswer, said: Entry) => void

/** The officer's commands: kept on the device until the server has answered each of them. */
export const useOutbox = defineStore('outbox', () => {
  const inbox = useInbox()
  const position = usePosition()
  const entries = shallowRef<Outbox>([])
  let storage: TerminalStorage | null = null
  let username = ''
  const inTurn = turns()
  const learners = new Map<string, Learner>([['task', learnTask]])

  const waiting = computed(() => pending(entries.value))

  /** Shows a change, and keeps it in its turn: of two writes at once the older may end last. */
  function change(next: Outbox): Promise<void> {
    entries.value = remembered(next)
    return inTurn(async () => {
      const written = markKept(entries.value)
      await storage?.keepOutbox(written)
      entries.value = markKept(entries.value, written)
    })
  }

  /** Queues a command and sends it as soon as it can; its id, by which its entry is found. It is of
   *  this moment, or of the one that the officer says. */
  async function give(
    subject: Subject,
    verb: string,
    data: Record<string, unknown>,
    occurred_at = new Date().toISOString(),
  ): Promise<string> {
    const id = newId()
    try {
      await change(enqueue(entries.value, { id, verb, ...subject, occurred_at, data, ...place() }))
    } finally {
      // Also where the device is full: all the more it must be said while there is a link.
      void pump()
    }
    return id
  }

  /** Sends what waits, one command at a time, as long as the link holds. */
  async function pump(): Promise<void> {
    const entry = nextToSend(entries.value)
    if (!entry || inbox.linkState !== 'live' || !inbox.link) return
    // Not written down: after a reload whatever has no answer is sent again.
    entries.value = markSent(entries.value, entry.id)
    let answer: CommandAnswer
    try {
      answer = await inbox.link.request<CommandAnswer>('command', commandOf(entry))
    } catch {
      // No answer: it may or may not have arrived. The same id goes out again.
      entries.value = requeue(entries.value)
      setTimeout(() => void pump(), RETRY_MS)
      return
    }
    await take(entry, answer)
    await pump()
  }

  async function take(said: Entry, answer: CommandAnswer): Promise<void> {
    // Learned first: what is still in the queue when the page closes is said, and learned, again.
    for (const [subject, learn] of learners) if (subject in answer) learn(answer, said)
    await change(settle(entries.value, said.id, answer))
  }

  /** Keeps no longer what was said by some commands. */
  async function forget(ids: readonly string[]): Promise<void> {
    if (ids.length) await change(withoutEntries(entries.value, ids))
  }

  /** Has `learn` told of every answer that shows what has become of a kind of subject. */
  function onAnswer(subject: string, learn: Learner): void {
    learners.set(subject, learn)
  }

  function learnTask({ task }: CommandAnswer): void {
    if (task) inbox.learn(cardOf(task, username), withdrawnFrom(username, task))
  }

  /** Where the command is given, as far as the officer lets it be known. */
  function place(): { lon?: number; lat?: number } {
    const { own } = position
    if (!own || Date.now() - Date.parse(own.at) > FRESH_MS) return {}
    return { lon: own.lon, lat: own.lat }
  }

  function of(subject: Subject): Entry[] {
    return saidTo(entries.value, subject)
  }

  function foreseen(card: TaskCard) {
    return foreseenState(card, entries.value)
  }

  async function open(account: string, store: TerminalStorage): Promise<void> {
    username = account
    storage = store
    entries.value = requeue(await store.outbox())
    await pump()
  }

  watch(
    () => inbox.linkState,
    (state) => {
      if (state === 'live') void pump()
    },
  )

  return { entries, waiting, give, forget, of, onAnswer, foreseen, open }
})
