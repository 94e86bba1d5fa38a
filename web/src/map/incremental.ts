/** What of a source's features changed since they were put in last; pure. */
import type { GeoJSONSourceDiff } from 'maplibre-gl'

/** A feature that can be told apart from the others of its source. */
export type LiveFeature = GeoJSON.Feature<GeoJSON.Point> & { id: number | string }
/** What was put in, by id, as text to compare by. */
export type Standing = ReadonlyMap<number | string, string>

export const NONE: Standing = new Map()

export interface Change {
  readonly diff: GeoJSONSourceDiff
  readonly standing: Standing
  readonly isEmpty: boolean
}

/** The difference that brings a source from what stands in it to `features`. */
export function changeTo(before: Standing, features: readonly LiveFeature[]): Change {
  const standing = new Map<number | string, string>()
  const add: LiveFeature[] = []
  for (const feature of features) {
    const text = JSON.stringify([feature.geometry.coordinates, feature.properties])
    standing.set(feature.id, text)
    if (before.get(feature.id) !== text) add.push(feature)
  }
  const remove = [...before.keys()].filter((id) => !standing.has(id))
  return { diff: { add, remove }, standing, isEmpty: add.length + remove.length === 0 }
}
