import { describe, expect, it } from 'vitest'

import type { OwnPosition } from '@/api/types'
import { batch, distanceM, isMoving, MOST_AT_ONCE, MOST_WAITING, pace, without, withNote } from '@/live/positions'

const START = Date.parse('2026-03-10T09:30:00+08:00')

function fix(seconds = 0, more: Partial<OwnPosition> = {}): OwnPosition {
  return { lon: 118.4, lat: 29.1, at: new Date(START + seconds * 1000).toISOString(), ...more }
}
const CALM = { onTask: false, charge: 0.8, charging: false }

describe('the pace', () => {
  it('is quicker on a task or on the way, and slow on a low battery', () => {
    const still = pace(false, CALM)
    expect(pace(true, CALM).noteMs).toBeLessThan(still.noteMs)
    expect(pace(false, { ...CALM, onTask: true }).tellMs).toBeLessThan(pace(true, CALM).tellMs)
    const low = { onTask: true, charge: 0.1, charging: false }
    expect(pace(true, low).noteMs).toBeGreaterThan(still.noteMs)
    expect(pace(true, { ...low, charging: true })).toEqual(pace(true, { ...CALM, onTask: true }))
    expect(pace(false, { ...CALM, charge: null })).toEqual(still)
  })
})

describe('who is moving', () => {
  it('is told by the speed where the device tells it', () => {
    expect(isMoving(null, fix(0, { speed_mps: 1.2 }))).toBe(true)
    expect(isMoving(fix(), fix(10, { speed_mps: 0, lon: 118.5 }))).toBe(false)
  })

  it('is told by the way otherwise, unless that may be the error of the fix', () => {
    expect(isMoving(null, fix())).toBe(false)
    expect(isMoving(fix(), fix(10, { lon: 118.4002 }))).toBe(false)
    expect(isMoving(fix(), fix(10, { lon: 118.401 }))).toBe(true)
    expect(isMoving(fix(), fix(10, { lon: 118.401, accuracy_m: 200 }))).toBe(false)
  })

  it('measures a degree of latitude', () => {
    expect(distanceM(fix(), fix(0, { lat: 30.1 }))).toBeCloseTo(111_195, -1)
  })
})

describe('what waits', () => {
  it('is told newest first and in batches that the server takes', () => {
    let waiting: OwnPosition[] = []
    for (let n = 0; n < MOST_AT_ONCE + 5; n++) waiting = withNote(waiting, fix(n * 10))
    const first = batch(waiting)
    expect(first).toHaveLength(MOST_AT_ONCE)
    expect(first.at(-1)).toEqual(fix((MOST_AT_ONCE + 4) * 10))
    const rest = without(waiting, first)
    expect(rest).toEqual(waiting.slice(0, 5))
    expect(without(rest, batch(rest))).toEqual([])
  })

  it('loses the oldest where it is too much', () => {
    let waiting: OwnPosition[] = []
    for (let n = 0; n <= MOST_WAITING; n++) waiting = withNote(waiting, fix(n))
    expect(waiting).toHaveLength(MOST_WAITING)
    expect(waiting[0]).toEqual(fix(1))
  })
})
