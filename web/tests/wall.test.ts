import { describe, expect, it } from 'vitest'

import { buildOf } from '@/wall/build'
import { waitingOf } from '@/wall/queue'
import { mannedOf, strengthOf } from '@/wall/strength'
import type { Duty } from '@/wall/types'
import { card as sampleCard } from './samples'

describe('the queue of the wall', () => {
  it('shows the unsigned, the gravest and the most pressing first, and nothing of the caller', () => {
    const card = (id: number, priority: number, deadline: string | null, state: 'assigned' | 'signed' = 'assigned') => {
      const sample = sampleCard({ id, state })
      return {
        ...sample,
        incident: { ...sample.incident, priority, reported_at: '2026-03-10T09:20:00+08:00', address: '解放街17号', description: '报警人张三' },
        step: { ...sample.step!, deadline },
      }
    }
    const waiting = waitingOf([
      card(1, 3, '2026-03-10T09:40:00+08:00'),
      card(2, 3, null),
      card(3, 1, '2026-03-10T09:50:00+08:00'),
      card(4, 2, '2026-03-10T09:35:00+08:00'),
      card(5, 1, '2026-03-10T09:30:00+08:00', 'signed'),
    ])
    expect(waiting.map(({ id }) => id)).toEqual([3, 2, 4, 1])
    expect(JSON.stringify(waiting)).not.toMatch(/解放街|张三/)
  })
})

describe('the strength on the wall', () => {
  const shift = (username: string, absent = false) => ({ absent, shift: { officer: { username } } })

  it('counts each officer once, and nobody who is away', () => {
    const duty = {
      units: [
        { unit: { code: 'A', name: 'A' }, duties: [{ duty: 'pool', serving: [shift('1'), shift('2', true)] }, { duty: 'leader', serving: [shift('1')] }] },
        { unit: { code: 'B', name: 'B' }, duties: [{ duty: 'pool', serving: [shift('1'), shift('3')] }] },
      ],
    } as unknown as Duty
    expect(strengthOf(duty)).toEqual({
      all: 2,
      units: [
        { code: 'A', name: 'A', officers: 1 },
        { code: 'B', name: 'B', officers: 2 },
      ],
    })
  })

  it('counts field units with somebody aboard', () => {
    const unit = (code: string, crew: string[], in_service = true) =>
      ({ code, name: code, kind: 'patrol_car', in_service, crew: crew.map((username) => ({ username })) }) as const
    const units = [unit('1', ['a']), unit('2', []), unit('3', ['b'], false), unit('4', ['c', 'd'])]
    expect(mannedOf(units, new Set(['d']))).toEqual({ manned: 2, busy: 1 })
  })
})

describe('a new build', () => {
  it('is told by the name of the entry', () => {
    expect(buildOf('<head><script type="module" crossorigin src="/assets/index-Bq3.js"></script>')).toBe('/assets/index-Bq3.js')
    expect(buildOf('<p>502 Bad Gateway</p>')).toBeNull()
  })
})
