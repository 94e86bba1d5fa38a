/** One Socket.IO connection with an honest state and a way back after every kind of loss. */
import { readonly, ref, type Ref } from 'vue'
import { io, type Socket } from 'socket.io-client'

import { heartbeat, keepBeating } from './heartbeat'

export type LinkState = 'connecting' | 'live' | 'offline'

const RETRY_MS = 4000
const ANSWER_MS = 10_000
/** Of a link that beats: a way that is silent is tried again so soon. */
const CONNECT_MS = 5000
/** The session that the page knows of stands no more, or the browser has another one by now. */
const SESSION_GONE = new Set(['access.unauthenticated', 'access.device_revoked', 'access.csrf'])

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the wire is typed by its listeners
type Listener = (data: any) => void

export interface Link {
  state: Readonly<Ref<LinkState>>
  /** When the other end was last heard, by this device's clock. */
  heardAt: () => number
  emit(event: string, data: unknown): void
  /** Sends and waits for the answer; throws where none comes. */
  request<Answer>(event: string, data: unknown): Promise<Answer>
  /** Leaves and comes back, with the auth of that moment. */
  renew(): void
  close(): void
}

export interface LinkOptions {
  namespace: '/terminal' | '/command'
  /** The auth payload, asked anew at every connection. */
  auth: () => Record<string, unknown>
  listeners: Record<string, Listener>
  /** Whether a loss is noticed within three seconds, by an event `beat` each second. */
  beats?: boolean
  /** The session was refused, for the reason of the code: whether the page goes on with another. */
  onRefused: (code: string) => Promise<boolean>
}

interface ConnectError extends Error {
  data?: { code?: string }
}

export function openLink(options: LinkOptions): Link {
  const state = ref<LinkState>(navigator.onLine ? 'connecting' : 'offline')
  const socket = socketFor(options)
  let retry: ReturnType<typeof setTimeout> | undefined

  const again = () => {
    clearTimeout(retry)
    if (navigator.onLine) socket.connect()
  }
  const lost = () => {
    state.value = 'offline'
    // The client library does not come back by itself from a refusal or a server's goodbye.
    if (!socket.active) retry = setTimeout(again, RETRY_MS)
  }
  const wentOffline = () => {
    socket.disconnect()
    state.value = 'offline'
  }

  let heardAt = Date.now()
  const heard = () => (heardAt = Date.now())
  const stopBeating = options.beats ? beatOn(socket, state, heard) : () => undefined

  socket.onAny(heard)
  socket.on('connect', () => {
    heard()
    state.value = 'live'
  })
  socket.on('disconnect', (reason) => {
    if (reason !== 'io client disconnect') lost()
  })
  socket.on('connect_error', async (error: ConnectError) => {
    const code = error.data?.code ?? ''
    if (!SESSION_GONE.has(code) || (await options.onRefused(code))) lost()
  })
  for (const [event, listener] of Object.entries(options.listeners)) socket.on(event, listener)
  window.addEventListener('offline', wentOffline)
  window.addEventListener('online', again)
  again()

  return {
    state: readonly(state),
    heardAt: () => heardAt,
    emit: (event, data) => void socket.emit(event, data),
    request: (event, data) => socket.timeout(ANSWER_MS).emitWithAck(event, data),
    renew() {
      state.value = 'connecting'
      socket.disconnect().connect()
    },
    close() {
      clearTimeout(retry)
      stopBeating()
      window.removeEventListener('offline', wentOffline)
      window.removeEventListener('online', again)
      socket.disconnect()
    },
  }
}

function socketFor({ namespace, auth, beats }: LinkOptions): Socket {
  return io(namespace, {
    path: '/socket.io',
    transports: ['websocket'],
    auth: (give) => give({ app: __APP_VERSION__, ...auth() }),
    reconnectionDelay: 500,
    reconnectionDelayMax: 5000,
    ...(beats ? { timeout: CONNECT_MS } : {}),
    autoConnect: false,
  })
}

/** Sends a beat every second, and sets the state by whether it is answered; returns what ends it. */
function beatOn(socket: Socket, state: Ref<LinkState>, heard: () => void): () => void {
  const answered = (tell: () => void) => () => {
    heard()
    tell()
  }
  return keepBeating(
    heartbeat({
      connected: () => socket.connected,
      send: (tell) => socket.emit('beat', answered(tell)),
      lost: () => (state.value = 'offline'),
      found: () => (state.value = 'live'),
      giveUp: () => socket.io.engine.close(),
    }),
  )
}
