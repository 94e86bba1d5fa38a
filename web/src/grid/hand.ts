/** The hand on the map, by Terra Draw: it drags a stretch's vertices, or draws a line. */
import type { Map as MapLibreMap } from 'maplibre-gl'
import {
  TerraDraw,
  TerraDrawLineStringMode,
  TerraDrawSelectMode,
  type GeoJSONStoreFeatures,
  type HexColor,
} from 'terra-draw'
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter'

import type { Palette } from '@/map/palette'
import type { Line, Point } from './types'

const MODES = { select: 'select', split: 'linestring' } as const
export type Tool = keyof typeof MODES

/** How near to a handle a hand must come. */
const REACH_PX = 14

export interface Watcher {
  /** Whether a stretch may stand as it is being dragged. */
  mayStand: (line: Line) => boolean
  onDrag: (line: Line) => void
  onRelease: (line: Line) => void
  onLine: (line: Line) => void
}

export interface Hand {
  hold: (line: readonly Point[]) => void
  clear: () => void
  use: (tool: Tool) => void
  remove: () => void
}

export function handOn(map: MapLibreMap, palette: Palette, watcher: Watcher): Hand {
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map }),
    modes: [selecting(palette, watcher.mayStand), drawing(palette)],
  })
  let held: string | number | undefined
  const shape = (id: string | number) => lineOf(draw.getSnapshotFeature(id))

  draw.start()
  draw.setMode(MODES.select)
  draw.on('change', (ids, type) => {
    const line = held !== undefined && type === 'update' && ids.includes(held) ? shape(held) : null
    if (line) watcher.onDrag(line)
  })
  draw.on('finish', (id, { mode, action }) => {
    const line = shape(id)
    // A vertex that was only put in lies on the boundary yet; the drag that follows says where to.
    if (!line || action === 'insertMidpoint') return
    if (mode === MODES.select) watcher.onRelease(line)
    else watcher.onLine(line)
  })

  function clear(): void {
    held = undefined
    draw.clear()
  }
  function hold(line: readonly Point[]): void {
    clear()
    draw.setMode(MODES.select)
    const geometry = { type: 'LineString' as const, coordinates: [...line] }
    const properties = { mode: MODES.split }
    const [added] = draw.addFeatures([{ type: 'Feature', geometry, properties }])
    if (!added?.valid || added.id === undefined) return
    held = added.id
    draw.selectFeature(held)
  }
  function use(tool: Tool): void {
    clear()
    draw.setMode(MODES[tool])
  }
  return { hold, clear, use, remove: () => draw.stop() }
}

function lineOf(feature: GeoJSONStoreFeatures | undefined): Line | null {
  return feature?.geometry.type === 'LineString' ? (feature.geometry.coordinates as Point[]) : null
}

function selecting(palette: Palette, mayStand: (line: Line) => boolean): TerraDrawSelectMode {
  const [accent, surface] = [palette.accent as HexColor, palette.surface as HexColor]
  const valid = (feature: GeoJSONStoreFeatures) => mayStand(lineOf(feature) ?? [])
  return new TerraDrawSelectMode({
    // Only the page puts a stretch into the hand, and takes it out again.
    allowManualSelection: false,
    allowManualDeselection: false,
    keyEvents: null,
    pointerDistance: REACH_PX,
    flags: {
      linestring: {
        feature: {
          draggable: false,
          validation: (feature) => ({ valid: valid(feature) }),
          coordinates: { draggable: true, deletable: true, midpoints: { draggable: true } },
        },
      },
    },
    styles: {
      selectedLineStringColor: accent,
      selectedLineStringWidth: 3,
      selectionPointColor: surface,
      selectionPointOutlineColor: accent,
      selectionPointOutlineWidth: 2,
      selectionPointWidth: 5,
      midPointColor: accent,
      midPointOpacity: 0.55,
      midPointOutlineWidth: 0,
      midPointWidth: 3,
    },
  })
}

function drawing(palette: Palette): TerraDrawLineStringMode {
  const accent = palette.accent as HexColor
  return new TerraDrawLineStringMode({
    pointerDistance: REACH_PX,
    styles: { lineStringColor: accent, lineStringWidth: 3, closingPointColor: accent },
  })
}
