import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

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

export default defineConfig({
  plugins: [dropForeignHosts(), vue()],
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
      '/api': 'http://localhost:8000',
      '/tiles': 'http://localhost:8000',
      '/socket.io': { target: 'http://localhost:8000', ws: true },
    },
  },
  test: { environment: 'node', include: ['tests/**/*.test.ts'] },
})
