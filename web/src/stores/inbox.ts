import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'

import type { InboxMessage, OwnPosition, Ready, Resync, TaskCard } from '@/api/types'
import { EMPTY_INBOX, learn as learnCard, receive, resync, sections } from '@/live/inbox'
import { openLink, type Link, type LinkState } from '@/live/link'
import type { TerminalStorage } from '@/live/storage'
import { useSession } from './session'

/** No epoch of any server: asks for a snapshot where this device has nothing yet. */
const NO_EPOCH = 'none'
const BUZZ_MS = [180, 90, 180]

/** The inbox of whoever must sign: what arrived is stored first and acknowledged then. */
export const useInbox = defineStore('inbox', () => {
  const session = useSession()
  const state = shallowRef(EMPTY_INBOX)
  const storage = shallowRef<TerminalStorage | null>(null)
  const link = shallowRef<Link | null>(null)
  const announcement = shallowRef<TaskCard | null>(null)
  let inTurn: Promise<void> = Promise.resolve()

  const lists = computed(() => sections(state.value))
  const linkState = computed<LinkState>(() => link.value?.state.value ?? 'connecting')

  function auth(): Record<string, unknown> {
    const { epoch, seq } = state.value
    return { csrf: session.csrfToken, epoch: epoch ?? NO_EPOCH, seq }
  }

  /** Messages are handled one after the other, so that the cursor never runs ahead of the store. */
  function queue(work: () => Promise<void>): void {
    inTurn = inTurn.then(work)
  }

  async function keepAndAcknowledge(): Promise<void> {
    await storage.value?.keepInbox(state.value)
    link.value?.emit('ack', { seq: state.value.seq })
  }

  async function onMessage(message: InboxMessage): Promise<void> {
    const { state: next, reception } = receive(state.value, message)
    if (reception === 'gap') return link.value?.renew()
    state.value = next
    await keepAndAcknowledge()
    if (reception === 'applied' && message.type === 'task.offered') announce(message.data.task)
  }

  async function onResync(message: Resync): Promise<void> {
    state.value = resync(message)
    await keepAndAcknowledge()
  }

  async function onReady(message: Ready): Promise<void> {
    if (state.value.epoch === null) state.value = { ...state.value, epoch: message.epoch }
  }

  function announce(card: TaskCard): void {
    announcement.value = card
    navigator.vibrate?.(BUZZ_MS)
  }

  function learn(card: TaskCard, withdrawn: string | null): void {
    state.value = learnCard(state.value, card, withdrawn)
    queue(async () => void (await storage.value?.keepInbox(state.value)))
  }

  /** Begins to listen; without a store the inbox is a copy of the server's, as at a desk. */
  async function open(store: TerminalStorage | null): Promise<void> {
    storage.value = store
    if (store) state.value = await store.inbox()
    link.value = openLink({
      namespace: '/terminal',
      auth,
      listeners: {
        ready: (message: Ready) => queue(() => onReady(message)),
        message: (message: InboxMessage) => queue(() => onMessage(message)),
        resync: (message: Resync) => queue(() => onResync(message)),
      },
      onSignedOut: session.lose,
    })
  }

  function tellPosition(position: OwnPosition): void {
    if (linkState.value === 'live') link.value?.emit('position', [position])
  }

  function close(): void {
    link.value?.close()
    link.value = null
    storage.value?.close()
    storage.value = null
    state.value = EMPTY_INBOX
    announcement.value = null
  }

  return { state, storage, lists, link, linkState, announcement, learn, open, close, tellPosition }
})
