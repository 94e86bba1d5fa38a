import { defineStore } from 'pinia'
import { computed, shallowRef, watch } from 'vue'

import type { CommandAnswer, TaskCard, Verb } from '@/api/types'
import { newId } from '@/base/ids'
import { cardOf } from '@/live/cards'
import {
  enqueue,
  foreseenState,
  markSent,
  nextToSend,
  pending,
  requeue,
  settle,
  type Entry,
  type Outbox,
} from '@/live/outbox'
import type { TerminalStorage } from '@/live/storage'
import { withdrawnFrom } from '@/live/tasks'
import { useInbox } from './inbox'

const KEPT = 200
const RETRY_MS = 3000

/** The officer's commands: kept on the device until the server has answered each of them. */
export const useOutbox = defineStore('outbox', () => {
  const inbox = useInbox()
  const entries = shallowRef<Outbox>([])
  let storage: TerminalStorage | null = null
  let username = ''

  const waiting = computed(() => pending(entries.value))

  async function change(next: Outbox): Promise<void> {
    entries.value = next.slice(-KEPT)
    await storage?.keepOutbox(entries.value)
  }

  async function give(task: TaskCard, verb: Verb, data: Record<string, unknown>): Promise<void> {
    const occurred_at = new Date().toISOString()
    await change(enqueue(entries.value, { id: newId(), verb, task: task.id, occurred_at, data }))
    await pump()
  }

  /** Sends what waits, one command at a time, as long as the link holds. */
  async function pump(): Promise<void> {
    const entry = nextToSend(entries.value)
    if (!entry || inbox.linkState !== 'live' || !inbox.link) return
    await change(markSent(entries.value, entry.id))
    const { id, verb, task, occurred_at, data } = entry
    let answer: CommandAnswer
    try {
      answer = await inbox.link.request<CommandAnswer>('command', { id, verb, task, occurred_at, data })
    } catch {
      // No answer: it may or may not have arrived. The same id goes out again.
      await change(requeue(entries.value))
      setTimeout(() => void pump(), RETRY_MS)
      return
    }
    await take(entry.id, answer)
    await pump()
  }

  async function take(id: string, answer: CommandAnswer): Promise<void> {
    await change(settle(entries.value, id, answer))
    if (!answer.task) return
    inbox.learn(cardOf(answer.task, username), withdrawnFrom(username, answer.task))
  }

  function ofTask(id: number): Entry[] {
    return entries.value.filter((entry) => entry.task === id)
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

  return { entries, waiting, give, ofTask, foreseen, open }
})
