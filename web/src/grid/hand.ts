/** The hand on the map, by Terra Draw: it drags a stretch's vertices, or draws a line or a ring. */
import type { Map as MapLibreMap } from 'maplibre-gl'
import {
  TerraDraw,
  TerraDrawLineStringMode,
  TerraDrawPolygonMode,
  TerraDrawSelectMode,
  type GeoJSONStoreFeatures,
  type HexColor,
  type SnapToCustom,
} from 'terra-draw'
import { TerraDrawMapLibreGLAdapter } from 'terra-draw-maplibre-gl-adapter'

import type { Palette } from '@/map/palette'
import { rounded } from './stretch'
import type { Line, Point } from './types'

const MODES = { select: 'select', split: 'linestring', redraw: 'linestring', area: 'polygon' } as const
export type Tool = keyof typeof MODES

/** How near to a handle a hand must come. */
const REACH_PX = 14
/** Suspends snapping while it is held. */
const FREE_KEY = 'Alt'

export interface Watcher {
  /** Whether a stretch may stand as it is being dragged. */
  mayStand: (line: Line) => boolean
  /** Where a place is drawn to; `vertex` is the one being dragged, none while a line is drawn. */
  snap: (place: Point, vertex?: number) => Point | null
  onDrag: (line: Line) => void
  onRelease: (line: Line) => void
  /** A line, or a closed ring. */
  onDrawn: (line: Line) => void
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
    modes: [selecting(palette, watcher), ...drawing(palette, watcher)],
  })
  let held: string | number | undefined
  const shape = (id: string | number) => lineOf(draw.getSnapshotFeature(id))

  draw.start()
  draw.setMode(MODES.select)
  draw.on('change', (ids, type, context) => {
    const moved = type === 'update' && context?.target === 'geometry'
    const line = moved && held !== undefined && ids.includes(held) ? shape(held) : null
    if (line) watcher.onDrag(line)
  })
  draw.on('finish', (id, { mode, action }) => {
    const line = shape(id)
    // A vertex that was only put in lies on the boundary yet; the drag that follows says where to.
    if (!line || action === 'insertMidpoint') return
    if (mode === MODES.select) watcher.onRelease(line)
    else watcher.onDrawn(line)
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
  const geometry = feature?.geometry
  if (geometry?.type === 'LineString') return geometry.coordinates as Point[]
  return geometry?.type === 'Polygon' ? (geometry.coordinates[0] as Point[]) : null
}

function snapping(snap: Watcher['snap'], dragging: boolean): { toCustom: SnapToCustom } {
  return {
    toCustom: ({ lng, lat, heldKeys }, { currentCoordinate }) => {
      if (heldKeys.includes(FREE_KEY)) return undefined
      const at = snap([lng, lat], dragging ? currentCoordinate : undefined)
      return at ? rounded([at])[0] : undefined
    },
  }
}

function selecting(palette: Palette, { mayStand, snap }: Watcher): TerraDrawSelectMode {
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
          coordinates: {
            draggable: true,
            deletable: true,
            midpoints: { draggable: true },
            snappable: snapping(snap, true),
          },
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

function drawing(
  palette: Palette,
  { snap }: Watcher,
): [TerraDrawLineStringMode, TerraDrawPolygonMode] {
  const [accent, surface] = [palette.accent as HexColor, palette.surface as HexColor]
  const points = {
    closingPointColor: accent,
    closingPointOutlineColor: surface,
    snappingPointColor: surface,
    snappingPointWidth: 6,
    snappingPointOutlineColor: accent,
    snappingPointOutlineWidth: 3,
  }
  const common = { pointerDistance: REACH_PX, snapping: snapping(snap, false) }
  const line = { lineStringColor: accent, lineStringWidth: 3 }
  const ring = { outlineColor: accent, outlineWidth: 3, fillColor: accent, fillOpacity: 0.2 }
  return [
    new TerraDrawLineStringMode({ ...common, styles: { ...points, ...line } }),
    new TerraDrawPolygonMode({ ...common, styles: { ...points, ...ring } }),
  ]
}
