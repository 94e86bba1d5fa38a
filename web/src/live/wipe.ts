/** A device that was revoked keeps nothing. */
import { DeviceDatabase } from './deviceDatabase'

const PREFIX = 'gridserver.'
/** The device's own name says nothing of anyone; under another one it could come back. */
export const DEVICE_STORED_AS = 'gridserver.device'

/** Deletes every account's records and keys, the caches with their worker, and the settings. */
export async function wipeDevice(): Promise<void> {
  await DeviceDatabase.deleteAll()
  if ('caches' in window) {
    for (const name of await caches.keys()) await caches.delete(name)
  }
  if ('serviceWorker' in navigator) {
    for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister()
  }
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX) && key !== DEVICE_STORED_AS) localStorage.removeItem(key)
  }
}
