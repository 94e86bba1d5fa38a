/** A device that was revoked keeps nothing. */
import { DeviceDatabase } from './deviceDatabase'

const PREFIX = 'gridserver.'
/** The device's own name says nothing of anyone; under another one it could come back. */
export const DEVICE_STORED_AS = 'gridserver.device'

/** Deletes every account's records and keys, the caches with their worker, and the settings. */
export async function wipeDevice(): Promise<void> {
  forget(sessionStorage)
  await DeviceDatabase.deleteAll()
  for (const { name } of await indexedDB.databases()) if (name) await empty(name)
  if ('caches' in window) {
    for (const name of await caches.keys()) await caches.delete(name)
  }
  if ('serviceWorker' in navigator) {
    for (const each of await navigator.serviceWorker.getRegistrations()) await each.unregister()
  }
  forget(localStorage)
}

/** Nothing of ours stays there, such as what was taken or said at a desk in this tab. */
export function forget(storage: Storage): void {
  const keys = Array.from({ length: storage.length }, (_, at) => storage.key(at))
  for (const key of keys) {
    if (key?.startsWith(PREFIX) && key !== DEVICE_STORED_AS) storage.removeItem(key)
  }
}

/** Empties a database of the worker's, which tells where the map was looked at. The worker may hold
 *  it open, so that it can't be deleted. */
async function empty(name: string): Promise<void> {
  const database = await settled(indexedDB.open(name))
  const tables = [...database.objectStoreNames]
  if (tables.length) {
    const work = database.transaction(tables, 'readwrite')
    await Promise.all(tables.map((table) => settled(work.objectStore(table).clear())))
  }
  database.close()
}

function settled<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('the database failed'))
  })
}
