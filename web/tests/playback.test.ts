import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { beginnings, officerFeature, reportedAt, reportFeature, reportsOf, seenAt, standingAt, tallyOf, taskFeature, turnsOf } from '@/playback/moments'
import type { Playback } from '@/playback/types'
import { usePlayer } from '@/playback/usePlayer'

const START = Date.parse('2026-11-22T13:00:00+08:00')
const MINUTE = 60_000
const at = (minutes: number) => new Date(START + minutes * MINUTE).toISOString()

const playback: Playback = {
  from: at(0),
  to: at(60),
  step_s: 10,
  tasks: [
    {
      id: 1,
      incident_id: 11,
      number: 1042,
      category: { code: 'dispute', name_zh: '纠纷', name_en: 'Dispute' },
      priority: 2,
      lon: 118.4,
      lat: 29.1,
      address: null,
      turns: [
        { at: at(-5), state: 'assigned' },
        { at: at(5), state: 'signed' },
        { at: at(20), state: 'reported' },
        { at: at(30), state: 'closed' },
      ],
    },
  ],
  recorded: [
    {
      id: 12,
      number: 7,
      category: { code: 'help', name_zh: '求助', name_en: 'Help' },
      priority: 3,
      lon: 118.5,
      lat: 29.2,
      address: null,
      reported_at: at(10),
    },
  ],
  tracks: [
    { username: '1', display_name: '张', fixes: [[60, 118.41, 29.1, 8], [120, 118.42, 29.1, null], [600, 118.43, 29.1, 5]] },
  ],
}
const turns = turnsOf(playback)
const stateAt = (minutes: number) => standingAt(turns, START + minutes * MINUTE)[0]?.state

describe('a moment of the past', () => {
  it('shows the state that stood then', () => {
    expect([-6, -5, 4.9, 5, 20, 30].map(stateAt)).toEqual([undefined, 'assigned', 'assigned', 'signed', 'reported', 'closed'])
  })

  it('lets go of what ended a while before', () => {
    expect([35, 35.1].map(stateAt)).toEqual(['closed', undefined])
  })

  it('shows what made no task for half an hour, apart from the tasks', () => {
    const reports = reportsOf(playback)
    expect([9.9, 10, 39.9, 40].map((minutes) => reportedAt(reports, START + minutes * MINUTE).length)).toEqual([0, 1, 1, 0])
    expect(reportFeature(reports[0]!).id).toBe(-12)
    expect(beginnings([...turns, ...reports], START - 10 * MINUTE, START + 10.1 * MINUTE, 2)).toEqual([1, 1])
  })

  it('counts the stages', () => {
    expect(tallyOf(standingAt(turns, START + 6 * MINUTE))).toEqual({ unsigned: 0, under_way: 1, review: 0 })
    expect(taskFeature(standingAt(turns, START)[0]!).properties!['icon']).toBe('task-unsigned-2')
  })

  it('shows officers where they told last, and not for long after', () => {
    const seen = (minutes: number) => seenAt(playback.tracks!, START, START + minutes * MINUTE)[0]
    expect([0.5, 1, 1.5, 2, 9, 10].map((minute) => seen(minute)?.lon)).toEqual([undefined, 118.41, 118.41, 118.42, 118.42, 118.43])
    expect([seen(40)?.lon, seen(40.1)]).toEqual([118.43, undefined])
    const old = officerFeature(seen(9)!, (minutes) => `${minutes} min`).properties!
    expect([old['label'], old['stale']]).toEqual(['张 · 7 min', true])
  })

  it('counts beginnings within the period', () => {
    expect(beginnings(turns, START, START + 60 * MINUTE, 4)).toEqual([0, 0, 0, 0])
    expect(beginnings(turns, START - 10 * MINUTE, START + 10 * MINUTE, 4)).toEqual([0, 1, 0, 0])
  })
})

describe('the player', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('runs at its speed, stops at the end, and begins again from there', () => {
    const scope = effectScope()
    scope.run(() => {
      const { moment, playing, speed, toggle, load } = usePlayer()
      load(0, 100_000)
      speed.value = 60
      toggle()
      vi.advanceTimersByTime(1000)
      expect(moment.value).toBe(60_000)
      vi.advanceTimersByTime(5000)
      expect([moment.value, playing.value]).toEqual([100_000, false])
      toggle()
      expect([moment.value, playing.value]).toEqual([0, true])
      toggle()
      vi.advanceTimersByTime(1000)
      expect(moment.value).toBe(0)
    })
    scope.stop()
  })
})
