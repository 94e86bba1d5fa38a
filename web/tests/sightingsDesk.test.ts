import { describe, expect, it } from 'vitest'

import { pageOf } from '@/board/alarms'
import { answered, hasNews, inOrder, isBehind, isOverdue } from '@/bulletins/sightings'
import type { Sighting, SightingHead } from '@/bulletins/types'

const NOW = Date.parse('2026-03-10T09:30:00+08:00')
const ROOM = { username: 'room-33082401', display_name: '城关所指挥室' }

function sighting(id: number, state: Sighting['state'], answer_by: string | null = null): Sighting {
  return { id, version: 1, state, answer_by, text: '看见', answer: null, answered_by: null } as Sighting
}

describe('the sightings that a room answers', () => {
  it('stand in the order in which they are due, before those that are over', () => {
    const items = [
      sighting(1, 'refuted'),
      sighting(2, 'open', '2026-03-10T10:00:00+08:00'),
      sighting(3, 'escalated', '2026-03-10T09:20:00+08:00'),
      sighting(4, 'confirmed'),
    ]
    expect(inOrder(items).map(({ id }) => id)).toEqual([3, 2, 4, 1])
    expect(items.map(({ id }) => id)).toEqual([1, 2, 3, 4])
  })

  it('are overdue by the clock, and while they are escalated', () => {
    expect(isOverdue(sighting(1, 'open', '2026-03-10T09:30:00+08:00'), NOW)).toBe(true)
    expect(isOverdue(sighting(1, 'open', '2026-03-10T09:31:00+08:00'), NOW)).toBe(false)
    expect(isOverdue(sighting(1, 'escalated'), NOW)).toBe(true)
    expect(isOverdue(sighting(1, 'confirmed', '2026-03-10T09:20:00+08:00'), NOW)).toBe(false)
  })

  it('are asked for again only where the feed knows more', () => {
    const told = (bulletin: number, id: number, version: number) => [{ bulletin: { id: bulletin, version: 1 }, sighting: { id, version } }]
    const items = [sighting(3, 'open')]
    expect(hasNews(items, 7, told(7, 3, 1))).toBe(false)
    expect(hasNews(items, 7, told(7, 3, 2))).toBe(true)
    expect(hasNews(items, 7, told(7, 4, 1))).toBe(true)
    expect(hasNews(items, 7, told(8, 4, 1))).toBe(false)
  })

  it('are behind where the bulletin counts others', () => {
    const items = [sighting(3, 'open'), sighting(4, 'confirmed')]
    expect(isBehind(items, { total: 2, waiting: 1 })).toBe(false)
    expect(isBehind(items, { total: 3, waiting: 2 })).toBe(true)
    expect(isBehind(items, { total: 2, waiting: 0 })).toBe(true)
  })

  it('show what was answered without another look', () => {
    const head = { id: 3, version: 2, state: 'confirmed' } as SightingHead
    const [done, other] = answered([sighting(3, 'open'), sighting(4, 'open')], head, { verb: 'confirm', text: '属实' }, ROOM)
    expect(done).toMatchObject({ version: 2, state: 'confirmed', answer: '属实', answered_by: ROOM, text: '看见' })
    expect(other).toEqual(sighting(4, 'open'))
    const promised = { id: 3, version: 2, state: 'promised', answer_by: '2026-03-10T10:00:00+08:00' } as SightingHead
    expect(answered([sighting(3, 'open')], promised, { verb: 'promise', minutes: 30 }, ROOM)[0]).toMatchObject({ state: 'promised', answered_by: null })
  })
})

describe('the page of an alarm', () => {
  it('is the bulletin that waits for an answer or for its second person, the task of a call, and else none', () => {
    const ofBulletin = { path: '/bulletins', query: { bulletin: 7 } }
    expect(pageOf({ kind: 'sighting', task: null, params: { bulletin: 7, sighting: 3 } })).toEqual(ofBulletin)
    expect(pageOf({ kind: 'unapproved', task: null, params: { bulletin: 7, withdrawn: false } })).toEqual(ofBulletin)
    expect(pageOf({ kind: 'unsigned', task: 9, params: {} })).toEqual({ path: '/command', query: { task: 9 } })
    expect(pageOf({ kind: 'worker', task: null, params: {} })).toBeNull()
  })
})
