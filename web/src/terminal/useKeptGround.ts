/**
 * Fetches ahead the map of one's own cells, of those beside them, and of where one's tasks are, so
 * that the service worker has it without signal.
 */
import { computed, onBeforeUnmount, watch } from 'vue'

import { api, ask, Refusal } from '@/api/client'
import { turns } from '@/base/turns'
import { addressOf, tilesOver, type Bounds } from '@/live/ground'
import { installed } from '@/live/installation'
import { boundsOfCells, cellAddress, type Cells } from '@/map/useCellBounds'
import { useBureau } from '@/stores/bureau'
import { useInbox } from '@/stores/inbox'

/** The whole county is seen at these zooms, the ground of one's work at the finer. */
const COUNTY = [7, 11] as const
const NEAR = [12, 16] as const
/** More than a patrol in the mountains needs; a tile has some kilobytes. */
const MOST_TILES = 2000
const AT_ONCE = 4

export function useKeptGround(): void {
  const inbox = useInbox()
  const bureau = useBureau()
  const leaving = new AbortController()
  const { signal } = leaving
  const kept = new Set<string>()
  let template: string | null = null
  const inTurn = turns()

  /** What every terminal needs, and the own cells. */
  async function keepOwn(): Promise<void> {
    if (template) return
    // What is asked for now goes through the worker, which wasn't there when the page began.
    await bureau.load()
    await fetchAll(['/api/v1/grid/outline', '/api/v1/grid/neighbours'], signal)
    const { tiles } = await ask(api.GET('/tiles/grid.json'))
    const own = await ask(api.GET('/api/v1/force/my-cells'))
    await keepTiles(tiles[0]!, bureau.bureau?.bbox, COUNTY, signal)
    await keepTiles(tiles[0]!, own.bounds, NEAR, signal)
    template = tiles[0]!
  }

  /** The cells in which the present tasks lie; at night they may be anybody's. */
  const cells = computed(() =>
    [...inbox.lists.toSign, ...inbox.lists.underWay].flatMap(({ incident }) =>
      incident.cell && incident.grid_version
        ? [cellAddress(incident.grid_version, incident.cell.code)]
        : [],
    ),
  )

  async function keepCells(): Promise<void> {
    for (const address of cells.value.filter((each) => !kept.has(each))) {
      const answer = await fetch(address, { signal })
      if (answer.ok) await keepTiles(template!, boundsOfCells((await answer.json()) as Cells), NEAR, signal)
      kept.add(address)
    }
  }

  async function keep(): Promise<void> {
    if (installed.value !== 'ready' || inbox.linkState !== 'live') return
    try {
      await keepOwn()
      await keepCells()
    } catch (error) {
      // The signal went away in between: the next time goes on from there.
      if (!(error instanceof Refusal || error instanceof TypeError || signal.aborted)) throw error
    }
  }

  watch(
    [installed, () => inbox.linkState, () => cells.value.join()],
    () => inTurn(keep),
    { immediate: true },
  )
  onBeforeUnmount(() => leaving.abort())
}

async function keepTiles(
  template: string,
  bounds: readonly number[] | null | undefined,
  [first, last]: readonly [number, number],
  signal: AbortSignal,
): Promise<void> {
  if (!bounds) return
  const wanted = tilesOver(bounds as unknown as Bounds, first, last).slice(0, MOST_TILES)
  await fetchAll(wanted.map((tile) => addressOf(template, tile)), signal)
}

/** Asks for all of the addresses, a few at a time; the worker keeps the answers. */
async function fetchAll(addresses: readonly string[], signal: AbortSignal): Promise<void> {
  const waiting = [...addresses].reverse()
  const work = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const answer = await fetch(next, { signal })
      await answer.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}
