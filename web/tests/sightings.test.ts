import { describe, expect, it } from 'vitest'

import type { BulletinSheet, BulletinSighting, Command, InboxMessage, SightingHead } from '@/api/types'
import { bulletinSlice, toAsk, withSeen, withSheet, type HeldBulletins } from '@/live/bulletins'
import { isNews } from '@/live/inbox'
import { commandOf, enqueue, markSent, settle, withoutEntries, type Outbox } from '@/live/outbox'
import { partOf } from '@/live/records'
import { isUnderWay, leftBehind, NO_SIGHTINGS, SIGHT, sightingOf, untaken, withAnswer, withSaid, withTold } from '@/live/sightings'
import { isComplete, sightingData } from '@/terminal/bulletins/sighting'

const ME = { username: '330824001', display_name: '民警' }
const HEAD: SightingHead = {
  id: 5,
  version: 1,
  state: 'open',
  urgent: true,
  said_at: '2026-03-10T09:00:00+08:00',
  answer_by: '2026-03-10T09:10:00+08:00',
  escalated_at: null,
  answered_at: null,
  notice: 'unconfirmed: do not detain on this alone',
}
const DATA = { text: '在候车亭避雨', place: '芹阳公交站', lon: 118.4, lat: 29.1 }
const AT = '2026-03-10T00:59:00.000Z'

function sighting(changes: Partial<BulletinSighting> = {}): BulletinSighting {
  return { ...sightingOf(HEAD, { data: DATA, occurred_at: AT }, ME), ...changes }
}

function message(type: 'bulletin.issued' | 'bulletin.ended', id = 7): InboxMessage {
  return { seq: 1, id: 'm', at: '', type, data: { bulletin: { id, version: 1 } } }
}
const told = (version: number, id = 5): InboxMessage => ({
  seq: 2,
  id: 'n',
  at: '',
  type: 'bulletin.sighting',
  data: { bulletin: { id: 7, version: 1 }, sighting: { id, version } },
})
const held = (...messages: InboxMessage[]) => messages.reduce<HeldBulletins>(bulletinSlice.receive, {})
const command = (id: string, bulletin = 7): Command => ({ id, verb: SIGHT, bulletin, occurred_at: AT, data: DATA })
const DONE = { status: 'done' } as const
const REFUSED = { status: 'refused', code: 'bulletin.over', detail: '' } as const

describe('what a terminal keeps of sightings', () => {
  it('lies within the bulletin, and is wiped and gone with it', () => {
    expect(partOf('bulletins')).toBe('received')
    const seen = withSeen(held(message('bulletin.issued')), 7, (own) => own && withSaid(own, sighting()))
    expect(seen[7]!.seen!.items).toEqual([sighting()])
    expect(bulletinSlice.receive(seen, message('bulletin.ended'))).toEqual({})
  })

  it('is nobody else’s, whatever the server answers', () => {
    const other = sighting({ id: 6, by: { username: '330824002', display_name: '他人' } })
    expect(withAnswer(NO_SIGHTINGS, [sighting(), other], ME.username, NO_SIGHTINGS).items).toEqual([sighting()])
  })

  it('stays when a newer copy of the bulletin is taken', () => {
    const seen = withSeen(held(message('bulletin.issued')), 7, (own) => own && withSaid(own, sighting()))
    const sheet = { id: 7, version: 2, live_until: AT } as BulletinSheet
    expect(withSheet(seen, sheet, [])[7]!.seen!.items).toHaveLength(1)
  })

  it('is asked for once the inbox tells of a newer version, and then no more', () => {
    const news = held(message('bulletin.issued'), told(2))
    expect(toAsk(news).map(({ id }) => id)).toEqual([7])
    const asked = news[7]!.seen
    const read = withSeen(news, 7, (own) => withAnswer(own, [sighting({ version: 2 })], ME.username, asked))
    expect(toAsk(read)).toEqual([])
    expect(toAsk(bulletinSlice.receive(read, told(2)))).toEqual([])
    expect(toAsk(bulletinSlice.receive(read, told(3)))).toHaveLength(1)
  })

  it('is asked for again where more was told while it was asked', () => {
    const asked = withTold(NO_SIGHTINGS, { id: 5, version: 2 })
    const own = withTold(asked, { id: 5, version: 3 })
    expect(withAnswer(own, [sighting({ version: 2 })], ME.username, asked).told).toEqual({ 5: 3 })
  })

  it('is not asked for where the answer to its writing comes after the news of it', () => {
    const named = held(message('bulletin.issued'), told(1))
    expect(toAsk(named)).toHaveLength(1)
    const said = withSeen(named, 7, (own) => own && withSaid(own, sighting()))
    expect(toAsk(said)).toEqual([])
    expect(toAsk(bulletinSlice.receive(said, told(1)))).toEqual([])
    const later = withSeen(held(message('bulletin.issued'), told(2)), 7, (own) => own && withSaid(own, sighting()))
    expect(toAsk(later)).toHaveLength(1)
  })

  it('is news once somebody answered it, not as it was written', () => {
    expect([told(1), told(2)].map(isNews)).toEqual([false, true])
    expect(isNews(message('bulletin.issued'))).toBe(true)
    expect(isNews(message('bulletin.ended'))).toBe(false)
  })

  it('is not known of a picture that was taken anew', () => {
    const filled = bulletinSlice.fill({ bulletins: [{ id: 7, version: 1 }] })
    expect(filled[7]!.seen).toBeNull()
    expect(bulletinSlice.receive(filled, told(2))[7]!.seen).toBeNull()
  })

  it('of a bulletin that isn’t held is passed over', () => {
    expect(held(told(2))).toEqual({})
  })

  it('ends no bulletin when a message of it expires', () => {
    const over: InboxMessage = { seq: 3, id: 'e', at: '', type: 'expired', data: { type: 'bulletin.sighting', bulletin: { id: 7 } } }
    expect(Object.keys(held(message('bulletin.issued'), over))).toEqual(['7'])
  })

  it('never goes back to an older version', () => {
    const own = withSaid(NO_SIGHTINGS, sighting({ version: 2, state: 'confirmed', notice: null }))
    expect(withSaid(own, sighting())).toEqual(own)
  })
})

describe('the queue of sightings', () => {
  const queued: Outbox = [command('1')].reduce(enqueue, [])

  it('shows what waits and what was refused', () => {
    expect(untaken(queued)).toHaveLength(1)
    expect(untaken(settle(queued, '1', REFUSED))).toHaveLength(1)
    expect(untaken(settle(queued, '1', DONE))).toEqual([])
    expect(commandOf(queued[0]!)).toMatchObject({ verb: SIGHT, bulletin: 7, data: DATA })
  })

  it('is under way until it is answered, and nothing else that was said is', () => {
    expect(isUnderWay(queued)).toBe(true)
    expect(isUnderWay(markSent(queued, '1'))).toBe(true)
    expect(isUnderWay(settle(queued, '1', REFUSED))).toBe(false)
    expect(isUnderWay([{ ...command('2'), verb: 'read' }].reduce<Outbox>(enqueue, []))).toBe(false)
  })

  it('keeps the words until they are sent, and no longer than their bulletin', () => {
    const gone = {}
    expect(leftBehind(queued, gone)).toEqual([])
    expect(leftBehind(settle(queued, '1', REFUSED), { 7: {} })).toEqual([])
    expect(leftBehind(settle(queued, '1', REFUSED), gone)).toEqual(['1'])
    expect(leftBehind(settle(queued, '1', DONE), gone)).toEqual(['1'])
    expect(withoutEntries(queued, ['1'])).toEqual([])
  })
})

describe('the form of a sighting', () => {
  const draft = { text: '避雨', words: '', at: { lon: 118.4, lat: 29.1, accuracy_m: 12 }, seenAt: '2026-03-10T09:00', urgent: false }

  it('says what, when, and where: in words or as a point', () => {
    expect(isComplete(draft)).toBe(true)
    expect(isComplete({ ...draft, at: null })).toBe(false)
    expect(isComplete({ ...draft, at: null, words: '车站' })).toBe(true)
    expect(isComplete({ ...draft, text: ' ' })).toBe(false)
    expect(isComplete({ ...draft, seenAt: '' })).toBe(false)
  })

  it('carries what the server takes, and nothing else', () => {
    expect(sightingData(draft)).toEqual({ text: '避雨', lon: 118.4, lat: 29.1 })
    expect(sightingData({ ...draft, at: null, words: ' 车站 ', urgent: true })).toEqual({ text: '避雨', place: '车站', urgent: true })
  })
})
