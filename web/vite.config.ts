import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Vant's icon font falls back to a foreign host; no file of ours may name one. */
function dropForeignFonts(): Plugin {
  return {
    name: 'drop-foreign-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!/vant.*\.css/.test(id)) return null
      return { code: code.replace(/,\s*url\((["']?)\/\/[^)]*\)\s*format\([^)]*\)/g, ''), map: null }
    },
  }
}

export default defineConfig({
  plugins: [dropForeignFonts(), vue()],
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
