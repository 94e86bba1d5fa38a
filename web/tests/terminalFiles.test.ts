import { describe, expect, it } from 'vitest'

import { isCommonAnswer, isTile, isTileDescription, TERMINAL_PAGES } from '@/worker/kept'
import { terminalFiles, type Bundle } from '../terminalFiles'

const meta = (css: string[] = []) => ({ importedCss: new Set(css), importedAssets: new Set<string>() })

const BUNDLE: Bundle = {
  'assets/index.js': {
    type: 'chunk',
    isEntry: true,
    facadeModuleId: '/web/index.html',
    imports: ['assets/shared.js'],
    dynamicImports: ['assets/Task.js', 'assets/Command.js'],
    viteMetadata: meta(['assets/index.css']),
  },
  'assets/shared.js': { type: 'chunk', facadeModuleId: null },
  'assets/Task.js': {
    type: 'chunk',
    facadeModuleId: '/web/src/terminal/TaskPage.vue',
    imports: ['assets/map.js'],
    viteMetadata: meta(['assets/Task.css']),
  },
  'assets/map.js': { type: 'chunk', facadeModuleId: null },
  'assets/Command.js': {
    type: 'chunk',
    facadeModuleId: '/web/src/command/CommandPage.vue',
    imports: ['assets/desk.js'],
    viteMetadata: meta(['assets/Command.css']),
  },
  'assets/desk.js': { type: 'chunk', facadeModuleId: null },
  'assets/apidocs.js': { type: 'chunk', isEntry: true, facadeModuleId: '/web/apidocs.html' },
}

it('the handheld keeps its own files and what they need, and none of the desk', () => {
  expect([...terminalFiles(BUNDLE)].sort()).toEqual([
    'assets/Task.css',
    'assets/Task.js',
    'assets/index.css',
    'assets/index.js',
    'assets/map.js',
    'assets/shared.js',
  ])
})

describe('the service worker', () => {
  const url = (path: string) => new URL(path, 'http://localhost')

  it.each(['/', '/login', '/terminal', '/terminal/tasks/7', '/terminal/bulletins/7'])('opens %s without signal', (path) => {
    expect(path).toMatch(TERMINAL_PAGES)
  })

  it.each(['/command', '/grid', '/terminals', '/api/docs'])('leaves %s to the server', (path) => {
    expect(path).not.toMatch(TERMINAL_PAGES)
  })

  it('keeps tiles of a named edition alone', () => {
    expect(isTile(url('/tiles/grid/14/1/2.mvt?v=0.1-3'))).toBe(true)
    expect(isTile(url('/tiles/grid/14/1/2.mvt'))).toBe(false)
    expect(isTileDescription(url('/tiles/grid.json'))).toBe(true)
  })

  it.each(['/api/v1/bureau', '/api/v1/categories', '/api/v1/grid/versions/demo-1/cells?code=1'])(
    'keeps %s, which is the same for all',
    (path) => expect(isCommonAnswer(url(path))).toBe(true),
  )

  it.each([
    '/api/v1/sessions/current',
    '/api/v1/tasks/7',
    '/api/v1/inbox',
    '/api/v1/force/my-duty',
    '/api/v1/force/officers',
    '/api/v1/incidents',
    '/api/v1/orders',
    '/api/v1/bulletins',
    '/api/v1/bulletins/7/contents',
    '/api/v1/grid/versions',
  ])('never keeps %s', (path) => expect(isCommonAnswer(url(path))).toBe(false))
})
