/** The pages of the desk, and where in the navigation each stands. */

/** In the bar itself, or under a heading of the menu beside it. */
export type Shelf = 'bar' | 'watch' | 'record' | 'ground' | 'settings'

export interface DeskPage {
  /** Its label is `page.<name>`, its link's test id `to-<name>`. */
  readonly name: string
  readonly path: string
  readonly shelf: Shelf
}

export const PAGES: readonly DeskPage[] = [
  { name: 'command', path: '/command', shelf: 'bar' },
  { name: 'orders', path: '/orders', shelf: 'bar' },
  { name: 'bulletins', path: '/bulletins', shelf: 'bar' },
  { name: 'duty', path: '/duty', shelf: 'bar' },
  { name: 'incidents', path: '/incidents', shelf: 'record' },
  { name: 'reviews', path: '/reviews', shelf: 'record' },
  { name: 'logs', path: '/logs', shelf: 'record' },
  { name: 'audit', path: '/audit', shelf: 'record' },
  { name: 'handovers', path: '/handovers', shelf: 'watch' },
  { name: 'figures', path: '/figures', shelf: 'watch' },
  { name: 'wall', path: '/wall', shelf: 'watch' },
  { name: 'playback', path: '/playback', shelf: 'watch' },
  { name: 'grid', path: '/grid', shelf: 'ground' },
  { name: 'captures', path: '/captures', shelf: 'ground' },
  { name: 'places', path: '/settings/places', shelf: 'ground' },
  { name: 'tables', path: '/settings/tables', shelf: 'settings' },
  { name: 'devices', path: '/settings/devices', shelf: 'settings' },
  { name: 'accounts', path: '/settings/accounts', shelf: 'settings' },
  { name: 'exchange', path: '/exchange', shelf: 'settings' },
]

const HEADINGS: readonly Shelf[] = ['watch', 'record', 'ground', 'settings']
/** As many links as the bar holds at 1440 px beside the rest of it. */
const BAR_HOLDS = 5

export interface Navigation {
  readonly bar: readonly DeskPage[]
  /** The menu, by heading; empty where everything fits into the bar. */
  readonly menu: readonly { readonly shelf: Shelf; readonly pages: readonly DeskPage[] }[]
}

/** How the pages that an account may open are laid out; nothing where there is only one. */
export function navigationOf(open: readonly DeskPage[]): Navigation {
  if (open.length < 2) return { bar: [], menu: [] }
  if (open.length <= BAR_HOLDS) return { bar: open, menu: [] }
  const on = (shelf: Shelf) => open.filter((page) => page.shelf === shelf)
  const menu = HEADINGS.map((shelf) => ({ shelf, pages: on(shelf) }))
  return { bar: on('bar'), menu: menu.filter(({ pages }) => pages.length > 0) }
}
