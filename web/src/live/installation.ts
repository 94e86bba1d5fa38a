/** The service worker of the handheld: registered where it can be, and updated when the officer says. */
import { ref } from 'vue'
import { Workbox } from 'workbox-window'

const WORKER = '/worker.js'
const LOOKS_EVERY_MS = 3600_000

/** Whether this page can open again without signal; `impossible` without TLS or on old browsers. */
export type Installed = 'impossible' | 'pending' | 'ready'

export const installed = ref<Installed>('pending')
/** A new version lies ready and waits until the officer takes it. */
export const updateWaits = ref(false)

let workbox: Workbox | null = null

/** Registers the worker once per page. */
export async function install(): Promise<void> {
  if (workbox) return
  if (!('serviceWorker' in navigator)) {
    installed.value = 'impossible'
    return
  }
  workbox = new Workbox(WORKER, { scope: '/' })
  workbox.addEventListener('waiting', () => (updateWaits.value = true))
  const registration = await workbox.register()
  await navigator.serviceWorker.ready
  await controlled()
  installed.value = 'ready'
  setInterval(() => void registration?.update().catch(unlessOffline), LOOKS_EVERY_MS)
}

/** Waits until what this page asks for goes through the worker. */
async function controlled(): Promise<void> {
  const { serviceWorker } = navigator
  if (serviceWorker.controller) return
  await new Promise((done) => serviceWorker.addEventListener('controllerchange', done, { once: true }))
}

/** Loads the page anew with the version that waits. */
export function takeUpdate(): void {
  workbox?.addEventListener('controlling', () => window.location.reload())
  workbox?.messageSkipWaiting()
}

function unlessOffline(error: unknown): void {
  if (!(error instanceof TypeError)) throw error
}
