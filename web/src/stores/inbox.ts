import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import type { InboxMessage, Ready, Resync, TaskCard } from '@/api/types'
import { turns } from '@/base/turns'
import { EMPTY_INBOX, isNews, receive, resync, type InboxState } from '@/live/inbox'
import { openLink, type Link, type LinkState } from '@/live/link'
import type { TerminalStorage } from '@/live/storage'
import { learn as learnCard, sections } from '@/live/tasks'
import { useSession } from './session'

/** No epoch of any server: asks for a snapshot where this device has nothing yet. */
const NO_EPOCH = 'none'
const BUZZ_MS = [180, 90, 180]

/** The inbox of whoever must sign: what arrived is stored first and acknowledged then. */
export const useInbox = defineStore('inbox', () => {
  const session = useSession()
  const state = shallowRef<InboxState>(EMPTY_INBOX)
  const storage = shallowRef<TerminalStorage | null>(null)
  const link = shallowRef<Link | null>(null)
  const announcement = shallowRef<InboxMessage | null>(null)
  /** Counts what was told of swaps: the officer's duty is read anew. */
  const swapChanges = ref(0)
  let kept = EMPTY_INBOX
  let arrived: (InboxMessage | Resync)[] = []
  // What comes is handled in its order, so that the cursor never runs ahead of the store; what
  // couldn't be kept is kept with the next.
  const inTurn = turns()

  const lists = computed(() => sections(state.value.tasks))
  const linkState = computed<LinkState>(() => link.value?.state.value ?? 'connecting')

  function auth(): Record<string, unknown> {
    const { epoch, seq } = state.value
    const device_time = new Date().toISOString()
    return { csrf: session.csrfToken, device_time, epoch: epoch ?? NO_EPOCH, seq }
  }

  async function keep(): Promise<void> {
    const next = state.value
    await storage.value?.keepInbox(kept, next)
    kept = next
  }

  function onArrival(message: InboxMessage | Resync): void {
    arrived.push(message)
    void inTurn(takeArrived)
  }

  /** Takes all that has come by now, and keeps it in one go: days away are thousands of messages. */
  async function takeArrived(): Promise<void> {
    const messages = arrived
    arrived = []
    if (messages.length === 0) return
    for (const message of messages) {
      if (!take(message)) {
        link.value?.renew()
        break
      }
    }
    await keep()
    link.value?.emit('ack', { seq: state.value.seq })
  }

  /** Whether the message fits onto what is held. */
  function take(message: InboxMessage | Resync): boolean {
    if ('snapshot' in message) {
      state.value = resync(message)
      return true
    }
    const { state: next, reception } = receive(state.value, message)
    state.value = next
    if (reception === 'applied' && isNews(message)) announce(message)
    if (reception === 'applied' && 'swap' in message.data) swapChanges.value++
    return reception !== 'gap'
  }

  async function onReady(message: Ready): Promise<void> {
    if (state.value.epoch === null) state.value = { ...state.value, epoch: message.epoch }
  }

  function announce(message: InboxMessage): void {
    announcement.value = message
    navigator.vibrate?.(BUZZ_MS)
  }

  /** Takes what a command answered about something; the cursor stays. */
  function change(next: (state: InboxState) => InboxState): void {
    state.value = next(state.value)
    void inTurn(keep)
  }

  function learn(card: TaskCard, withdrawn: string | null): void {
    change((before) => ({ ...before, tasks: learnCard(before.tasks, card, withdrawn) }))
  }

  /** Begins to listen; without a store the inbox is a copy of the server's, as at a desk. */
  async function open(store: TerminalStorage | null): Promise<void> {
    storage.value = store
    if (store) state.value = await store.inbox()
    kept = state.value
    link.value = openLink({
      namespace: '/terminal',
      auth,
      listeners: {
        ready: (message: Ready) => inTurn(() => onReady(message)),
        message: onArrival,
        resync: onArrival,
      },
      onRefused: session.pickUp,
    })
  }

  /** Forgets what came from the server, as after a day without contact; the link stays. */
  function forget(): void {
    state.value = EMPTY_INBOX
    kept = EMPTY_INBOX
    announcement.value = null
  }

  function close(): void {
    link.value?.close()
    link.value = null
    storage.value = null
    forget()
  }

  return {
    state,
    storage,
    lists,
    link,
    linkState,
    announcement,
    swapChanges,
    change,
    learn,
    open,
    forget,
    close,
  }
})
