/** Alarms: the server's, and those that only this page can know. */
import type { RouteLocationRaw } from 'vue-router'

import type { components } from '@/api/schema'

export type ServerAlarm = components['schemas']['Alarm']

/** What an alarm's sentence is made of, wherever it comes from. */
export interface Alarm {
  readonly key: string
  readonly kind: ServerAlarm['kind'] | 'link' | 'own_clock'
  /** Milliseconds since the epoch, by the server's clock. */
  readonly since: number
  readonly task: number | null
  readonly params: Readonly<Record<string, unknown>>
  readonly silenced: ServerAlarm['silenced']
  readonly maySilence: boolean
}

/** A desk whose clock is off by more shows deadlines at the wrong time. */
const CLOCK_OFF_MS = 5000
const OF_BULLETINS: ReadonlySet<Alarm['kind']> = new Set(['sighting', 'unapproved'])

export function fromServer(alarm: ServerAlarm): Alarm {
  const { key, kind, task, params, silenced, may_silence: maySilence } = alarm
  return { key, kind, since: Date.parse(alarm.since), task, params, silenced, maySilence }
}

/** What this page knows by itself: its link is lost, or this machine's clock is wrong. */
export function ownAlarms(lostSince: number | null, clockOffsetMs: number, now: number): Alarm[] {
  const own = { task: null, silenced: null, maySilence: false }
  const found: Alarm[] = []
  if (lostSince !== null) found.push({ ...own, key: 'link', kind: 'link', since: lostSince, params: {} })
  if (Math.abs(clockOffsetMs) > CLOCK_OFF_MS) {
    const params = { offset_s: clockOffsetMs / 1000 }
    found.push({ ...own, key: 'own_clock', kind: 'own_clock', since: now, params })
  }
  return found
}

/** The page where something can be done about an alarm; null where there is none. */
export function pageOf({ kind, task, params }: Pick<Alarm, 'kind' | 'task' | 'params'>): RouteLocationRaw | null {
  if (OF_BULLETINS.has(kind)) return { path: '/bulletins', query: { bulletin: Number(params['bulletin']) } }
  return task === null ? null : { path: '/command', query: { task } }
}

/** Those that are not silenced: they sound, and stand in red. */
export function sounding(alarms: readonly Alarm[]): Alarm[] {
  return alarms.filter(({ silenced }) => silenced === null)
}

/** Whether a tone is due: for what this account can do something about. */
export function isHeard(alarms: readonly Alarm[]): boolean {
  return sounding(alarms).some(({ kind, maySilence }) => maySilence || kind === 'link')
}
