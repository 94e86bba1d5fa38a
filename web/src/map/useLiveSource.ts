import type { GeoJSONSource } from 'maplibre-gl'
import { effect, onScopeDispose, watch } from 'vue'

import { changeTo, NONE, type LiveFeature } from './incremental'
import type { DeskSource } from './style'
import type { GridMap } from './useMap'

/** What moves is drawn so often at most; each drawing cuts the source into tiles anew. */
const EVERY_MS = 250

/**
 * Keeps one of the map's sources as `features` has it: only what changed goes to the worker, and
 * what changes faster than it can be drawn is reckoned and drawn once.
 */
export function useLiveSource(
  { map }: GridMap,
  source: DeskSource,
  features: () => readonly LiveFeature[],
): void {
  let standing = NONE
  let present: readonly LiveFeature[] = []
  let waiting: ReturnType<typeof setTimeout> | null = null
  let drawnAt = -Infinity

  // Not a watcher: that would reckon the features at every change, only to wait then.
  const read = effect(() => void (present = features()), { scheduler: drawSoon })

  function drawSoon(): void {
    waiting ??= setTimeout(draw, Math.max(0, drawnAt + EVERY_MS - performance.now()))
  }
  function draw(): void {
    waiting = null
    drawnAt = performance.now()
    read()
    const change = changeTo(standing, present)
    if (change.isEmpty || !map.value) return
    standing = change.standing
    void map.value.getSource<GeoJSONSource>(source)?.updateData(change.diff)
  }

  // A map that is made anew starts with empty sources.
  watch(
    map,
    () => {
      standing = NONE
      drawSoon()
    },
    { immediate: true },
  )
  onScopeDispose(() => waiting !== null && clearTimeout(waiting))
}
