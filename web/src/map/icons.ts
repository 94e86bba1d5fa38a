/** The symbols of the map, drawn once per palette: priority by colour and number, state by form. */
import type { Map as MapLibreMap } from 'maplibre-gl'

import { PRIORITIES, type TaskState } from '@/api/types'
import { ENDED } from '@/live/cards'
import type { Palette } from './palette'

const RATIO = 2
const SIZE = 30

/** Unsigned is a full disc, under way a ring with its number, reported a ring with a tick. */
type Form = 'unsigned' | 'under-way' | 'reported' | 'ended'

export function formOf(state: TaskState): Form {
  if (state === 'assigned') return 'unsigned'
  if (state === 'reported') return 'reported'
  return ENDED.has(state) ? 'ended' : 'under-way'
}

export function iconName(state: TaskState, priority: number): string {
  const form = formOf(state)
  return form === 'ended' ? 'task-ended' : `task-${form}-${priority}`
}

export type Draw = (context: CanvasRenderingContext2D) => void
export type Put = (name: string, draw: Draw, height?: number) => void

/** Gives a map images, or others in their place. */
export function putterOf(map: MapLibreMap): Put {
  return (name, draw, height = SIZE) => {
    const image = drawn(draw, height)
    if (map.hasImage(name)) map.updateImage(name, image)
    else map.addImage(name, image, { pixelRatio: RATIO })
  }
}

export function putIcons(map: MapLibreMap, palette: Palette): void {
  const put = putterOf(map)
  for (const priority of PRIORITIES) {
    for (const form of ['unsigned', 'under-way', 'reported'] as const) {
      put(`task-${form}-${priority}`, (context) => drawTask(context, palette, form, priority))
    }
  }
  put('task-ended', (context) => disc(context, 5, palette.ended, palette.surface))
  put('station', (context) => drawStation(context, palette))
  put('pin', (context) => drawPin(context, palette), 40)
}

function drawn(draw: Draw, height: number): ImageData {
  const canvas = document.createElement('canvas')
  canvas.width = SIZE * RATIO
  canvas.height = height * RATIO
  // Drawn by the processor: to read a picture back from the graphics card stops both.
  const context = canvas.getContext('2d', { willReadFrequently: true })!
  context.scale(RATIO, RATIO)
  draw(context)
  return context.getImageData(0, 0, canvas.width, canvas.height)
}

export function disc(
  context: CanvasRenderingContext2D,
  radius: number,
  fill: string,
  stroke: string,
  width = 2,
): void {
  context.beginPath()
  context.arc(SIZE / 2, SIZE / 2, radius, 0, 2 * Math.PI)
  context.fillStyle = fill
  context.fill()
  context.lineWidth = width
  context.strokeStyle = stroke
  context.stroke()
}

function drawTask(
  context: CanvasRenderingContext2D,
  palette: Palette,
  form: Exclude<Form, 'ended'>,
  priority: number,
): void {
  const colour = palette.priority[priority] ?? palette.ended
  const full = form === 'unsigned'
  disc(context, 12.5, palette.surface, palette.surface, 2)
  if (full) disc(context, 11.5, colour, palette.surface, 1.5)
  else disc(context, 11, palette.surface, colour, 2.6)
  if (form === 'reported') return tick(context, colour)
  context.font = "700 14px 'Noto Sans CJK SC', sans-serif"
  context.textAlign = 'center'
  context.textBaseline = 'alphabetic'
  context.fillStyle = full ? palette.surface : colour
  context.fillText(String(priority), SIZE / 2, SIZE / 2 + 5)
}

function tick(context: CanvasRenderingContext2D, colour: string): void {
  context.beginPath()
  context.moveTo(9.8, 15.4)
  context.lineTo(13.5, 19)
  context.lineTo(20.2, 11.4)
  context.lineWidth = 2.6
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.strokeStyle = colour
  context.stroke()
}

function drawStation(context: CanvasRenderingContext2D, palette: Palette): void {
  const shield = new Path2D('M15 6 22.5 9v6c0 4.6-3.1 7.4-7.5 8.8C10.6 22.4 7.5 19.6 7.5 15V9z')
  context.fillStyle = palette.text
  context.strokeStyle = palette.surface
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.stroke(shield)
  context.fill(shield)
  context.beginPath()
  context.arc(15, 14.2, 2.6, 0, 2 * Math.PI)
  context.fillStyle = palette.surface
  context.fill()
}

function drawPin(context: CanvasRenderingContext2D, palette: Palette): void {
  const pin = new Path2D('M15 38c7-9 11-15 11-22a11 11 0 1 0-22 0c0 7 4 13 11 22z')
  context.fillStyle = palette.accent
  context.fill(pin)
  context.lineWidth = 2
  context.strokeStyle = palette.surface
  context.stroke(pin)
  context.beginPath()
  context.arc(15, 16, 4.2, 0, 2 * Math.PI)
  context.fillStyle = palette.surface
  context.fill()
}
