/** The symbols of the desk's map alone: officers, field units, clusters of tasks. */
import type { Map as MapLibreMap } from 'maplibre-gl'

import { PRIORITIES } from '@/api/types'
import { disc, putterOf } from './icons'
import type { Palette } from './palette'
import type { UnitKind } from './units'

/** What each kind of unit carries: a car's roof light, a rifle's sight, a star. */
const SIGNS: Record<UnitKind, string> = {
  patrol_car: 'M9 17.5v-3l1.6-3.5h8.8L21 14.5v3z M10.5 17.5v2M19.5 17.5v2M15 11V8.5',
  armed_response: 'M15 8.5v13M8.5 15h13M19.5 15a4.5 4.5 0 1 1-9 0 4.5 4.5 0 0 1 9 0z',
  special_police: 'M15 8l2 4.6 5 .4-3.8 3.2 1.2 4.8L15 18.4 10.6 21l1.2-4.8L8 13l5-.4z',
}
const KINDS = Object.keys(SIGNS) as UnitKind[]

type Context = CanvasRenderingContext2D

export function putUnitIcons(map: MapLibreMap, palette: Palette): void {
  const put = putterOf(map)
  const { officer, officerAway, accent } = palette
  put('officer-free', (context) => drawOfficer(context, palette, officer, 'free'))
  put('officer-busy', (context) => drawOfficer(context, palette, accent, 'busy'))
  put('officer-away', (context) => drawOfficer(context, palette, officerAway, 'away'))
  put('heading', (context) => drawHeading(context, palette))
  put('battery-low', (context) => drawBattery(context, palette))
  for (const kind of KINDS) {
    put(`unit-${kind}-free`, (context) => drawUnit(context, palette, kind, false))
    put(`unit-${kind}-busy`, (context) => drawUnit(context, palette, kind, true))
  }
  for (const priority of PRIORITIES) {
    put(`cluster-${priority}`, (context) => drawCluster(context, palette, priority, false), 38)
    put(`cluster-${priority}-unsigned`, (context) => drawCluster(context, palette, priority, true), 38)
  }
}

/** Free: a full disc. On a task: a disc with a bar. Out of reach: an empty ring. */
function drawOfficer(context: Context, palette: Palette, colour: string, form: 'free' | 'busy' | 'away'): void {
  if (form === 'away') return disc(context, 5, palette.surface, colour, 2)
  disc(context, 6.5, colour, palette.surface, 2)
  if (form !== 'busy') return
  context.fillStyle = palette.surface
  context.fillRect(11.5, 13.8, 7, 2.4)
}

/** An arrow tip beside the disc, to the north; the map turns it. */
function drawHeading(context: Context, palette: Palette): void {
  context.fillStyle = palette.text
  context.strokeStyle = palette.surface
  context.lineWidth = 1.5
  const tip = new Path2D('M15 1.5 19 8 15 6.6 11 8z')
  context.stroke(tip)
  context.fill(tip)
}

function drawBattery(context: Context, palette: Palette): void {
  context.fillStyle = palette.surface
  context.fillRect(7.5, 9.5, 15, 11)
  context.strokeStyle = palette.text
  context.lineWidth = 1.6
  context.strokeRect(9, 11.5, 10.5, 7)
  context.fillStyle = palette.text
  context.fillRect(20.3, 13.4, 1.8, 3.2)
  context.fillRect(10.6, 13.1, 2.2, 3.8)
}

function drawUnit(context: Context, palette: Palette, kind: UnitKind, busy: boolean): void {
  const colour = busy ? palette.accent : palette.officer
  context.beginPath()
  context.roundRect(4, 4, 22, 22, 6)
  context.fillStyle = busy ? palette.surface : colour
  context.fill()
  context.lineWidth = 2.4
  context.strokeStyle = busy ? colour : palette.surface
  context.stroke()
  context.lineWidth = 1.8
  context.lineJoin = 'round'
  context.strokeStyle = busy ? colour : palette.surface
  context.stroke(new Path2D(SIGNS[kind]))
  if (!busy) return
  context.fillStyle = colour
  context.fillRect(8, 25, 14, 3)
}

/** The gravest priority by colour and by the number in the corner; a double ring: some unsigned. */
function drawCluster(context: Context, palette: Palette, priority: number, unsigned: boolean): void {
  const colour = palette.priority[priority] ?? palette.ended
  context.translate(0, 4)
  disc(context, 13, palette.surface, colour, unsigned ? 3.4 : 2)
  context.fillStyle = colour
  context.beginPath()
  context.arc(24, 2.5, 6, 0, 2 * Math.PI)
  context.fill()
  context.font = "700 9px 'Noto Sans CJK SC', sans-serif"
  context.textAlign = 'center'
  context.fillStyle = palette.surface
  context.fillText(String(priority), 24, 5.8)
}
