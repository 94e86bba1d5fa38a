import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { VitePWA, type ManifestOptions } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'

import { version } from './package.json'
import { terminalFiles, type Bundle } from './terminalFiles'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Vant's icon font and Terra Draw's marker lie on foreign hosts; no file of ours may name one. */
function dropForeignHosts(): Plugin {
  const foreign: [file: RegExp, address: RegExp][] = [
    [/vant.*\.css/, /,\s*url\((["']?)\/\/[^)]*\)\s*format\([^)]*\)/g],
    [/terra-draw.*\.js/, /https:\/\/raw\.githubusercontent\.com\/[\w./-]+/g],
  ]
  return {
    name: 'drop-foreign-hosts',
    enforce: 'pre',
    transform(code, id) {
      const address = foreign.find(([file]) => file.test(id))?.[1]
      return address ? { code: code.replace(address, ''), map: null } : null
    },
  }
}

/** The handheld as an app on the home screen, and the worker that opens it without signal. */
function installable(): Plugin[] {
  let needed = new Set<string>()
  const collect: Plugin = {
    name: 'terminal-files',
    generateBundle: (_, bundle) => void (needed = terminalFiles(bundle as unknown as Bundle)),
  }
  const pwa = VitePWA({
    strategies: 'injectManifest',
    srcDir: 'src/worker',
    filename: 'worker.ts',
    injectRegister: false,
    manifest: MANIFEST,
    injectManifest: {
      globPatterns: ['index.html', 'icons/*', 'assets/*'],
      maximumFileSizeToCacheInBytes: 4_000_000,
      // The worker of the map is asked for by its address alone.
      manifestTransforms: [
        (entries) => ({
          manifest: entries.filter(({ url }) => !url.startsWith('assets/') || needed.has(url)),
          warnings: [],
        }),
      ],
    },
  })
  return [collect, ...pwa]
}

const MANIFEST: Partial<ManifestOptions> = {
  id: '/terminal',
  name: '警务网格终端',
  short_name: '警务网格',
  description: '任务、地图、消息、值班：有无信号都能用。',
  lang: 'zh-CN',
  dir: 'ltr',
  start_url: '/terminal',
  scope: '/',
  display: 'standalone',
  orientation: 'portrait',
  background_color: '#0a111e',
  theme_color: '#0a111e',
  icons: [
    { src: '/icons/terminal-192.png', sizes: '192x192', type: 'image/png' },
    { src: '/icons/terminal-512.png', sizes: '512x512', type: 'image/png' },
    { src: '/icons/terminal-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
  ],
}

export default defineConfig({
  plugins: [dropForeignHosts(), vue(), installable()],
  define: { __APP_VERSION__: JSON.stringify(version) },
  resolve: {
    alias: {
      '@': here('./src'),
      '@reasons': here('../gridserver/dispatch/texts'),
    },
  },
  build: {
    // The content security policy allows neither inline scripts nor, for styles, data addresses.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1600,
    rollupOptions: { input: { index: here('./index.html'), apidocs: here('./apidocs.html') } },
  },
  worker: { format: 'es' },
  server: {
    fs: { allow: [here('..')] },
    proxy: {
      // The server takes changes from its own origin alone, and this proxy is not it.
      '/api': { target: 'http://localhost:8000', headers: { origin: 'http://localhost:8000' } },
      '/tiles': 'http://localhost:8000',
      '/socket.io': { target: 'http://localhost:8000', ws: true },
    },
  },
  test: { environment: 'node', include: ['tests/**/*.test.ts'] },
})
