/**
 * The handheld's service worker: the terminal's own files and the map open without signal.
 *
 * Nothing of a person is ever put into its caches: what tells of tasks lies sealed in the
 * browser's database, and of the API only what every account sees alike is kept here.
 */
import { CacheableResponsePlugin } from 'workbox-cacheable-response'
import { ExpirationPlugin } from 'workbox-expiration'
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching'
import type { PrecacheEntry } from 'workbox-precaching'
import { NavigationRoute, registerRoute } from 'workbox-routing'
import { CacheFirst, NetworkFirst } from 'workbox-strategies'

import { isCommonAnswer, isTile, isTileDescription, TERMINAL_PAGES } from './kept'

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: (string | PrecacheEntry)[] }

/** Own cells and those around them take some hundreds of tiles of a few KB each. */
const MOST_TILES = 3000
const MOST_ANSWERS = 200
const MONTH_S = 30 * 24 * 3600
/** Where the signal is weak, what was there before is better than waiting. */
const PATIENCE_S = 3

precacheAndRoute(self.__WB_MANIFEST)
cleanupOutdatedCaches()
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { allowlist: [TERMINAL_PAGES] }))

registerRoute(
  ({ url }) => isTile(url),
  new CacheFirst({
    cacheName: 'gridserver-tiles',
    plugins: [
      // 204: no cell is near this tile.
      new CacheableResponsePlugin({ statuses: [200, 204] }),
      new ExpirationPlugin({ maxEntries: MOST_TILES, maxAgeSeconds: MONTH_S, purgeOnQuotaError: true }),
    ],
  }),
)
registerRoute(
  ({ url }) => isTileDescription(url) || isCommonAnswer(url),
  new NetworkFirst({
    cacheName: 'gridserver-common',
    networkTimeoutSeconds: PATIENCE_S,
    plugins: [
      { cacheWillUpdate: async ({ response }) => (response.status === 200 ? undated(response) : null) },
      new ExpirationPlugin({ maxEntries: MOST_ANSWERS, maxAgeSeconds: MONTH_S }),
    ],
  }),
)

/** Without its `Date`: the page measures the server's clock by that of a fresh answer. */
function undated({ body, headers, status, statusText }: Response): Response {
  const kept = new Headers(headers)
  kept.delete('Date')
  return new Response(body, { headers: kept, status, statusText })
}

// An update waits until the officer takes it; it never comes in the middle of a task.
self.addEventListener('message', ({ data }) => {
  if (data?.type === 'SKIP_WAITING') void self.skipWaiting()
})
// The page in which the officer signed in is served from here at once, not from the next load on.
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
