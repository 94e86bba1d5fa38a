import { describe, expect, it } from 'vitest'

import type { BulletinSheet, InboxMessage, InboxMessageType } from '@/api/types'
import { blank, bulletinOf, draftOf, formOf, missing, ofKind, wordOfArrest } from '@/bulletins/form'
import type { Contents, Detail, Terms } from '@/bulletins/types'
import { bulletinSlice, isOver, isUnread, photosOf, shown, toFetch, withOpened, withSheet, type HeldBulletins } from '@/live/bulletins'
import { partOf } from '@/live/records'
import { NO_SIGHTINGS } from '@/live/sightings'

const NOW = Date.parse('2026-03-10T09:30:00+08:00')
const HALF_HOUR = 30 * 60_000

function message(type: 'bulletin.issued' | 'bulletin.updated' | 'bulletin.ended', id: number, version = 1): InboxMessage {
  return { seq: 1, id: 'm', at: '', type, data: { bulletin: { id, version } } }
}

function expired(type: InboxMessageType, id: number): InboxMessage {
  return { seq: 2, id: 'e', at: '', type: 'expired', data: { type, bulletin: { id } } }
}

function sheet(id: number, version = 1, until = NOW + HALF_HOUR): BulletinSheet {
  return { id, version, live_until: new Date(until).toISOString() } as BulletinSheet
}

const take = (held: HeldBulletins, ...messages: InboxMessage[]) => messages.reduce(bulletinSlice.receive, held)

describe('what a terminal holds of bulletins', () => {
  it('is wiped with what was received', () => {
    expect(partOf('bulletins')).toBe('received')
  })

  it('begins with a name, and the copy is still to be taken', () => {
    const held = take({}, message('bulletin.issued', 7))
    expect(held).toEqual({ 7: { id: 7, version: 1, sheet: null, opened: null, seen: NO_SIGHTINGS } })
    expect(toFetch(held).map(({ id }) => id)).toEqual([7])
    expect(toFetch(withSheet(held, sheet(7), []))).toEqual([])
  })

  it('is taken anew in a newer version, and shown meanwhile', () => {
    const held = take(withSheet(take({}, message('bulletin.issued', 7)), sheet(7), []), message('bulletin.updated', 7, 2))
    expect(toFetch(held)).toHaveLength(1)
    expect(held[7]!.sheet!.version).toBe(1)
    expect(take(held, message('bulletin.updated', 7, 1))).toBe(held)
  })

  it('goes at the end, also as a message that nobody read in time', () => {
    const held = withSheet(take({}, message('bulletin.issued', 7)), sheet(7), [])
    expect(take(held, message('bulletin.ended', 7, 2))).toEqual({})
    expect(take(held, expired('bulletin.ended', 7))).toEqual({})
    expect(take({}, expired('bulletin.ended', 7))).toEqual({})
    expect(withSheet({}, sheet(7), [])).toEqual({})
  })

  it.each(['bulletin.issued', 'bulletin.updated'] as const)('stays in a newer version where %s of an older one is over', (type) => {
    const held = withSheet(take({}, message('bulletin.issued', 7), message('bulletin.updated', 7, 2)), sheet(7, 2), [])
    expect(take(held, expired(type, 7))).toBe(held)
  })

  it('is no bulletin where all that was told of it is over', () => {
    expect(take({}, expired('bulletin.issued', 7))).toEqual({})
  })

  it('is over by the clock of the device, with signal or without', () => {
    const held = withSheet(take({}, message('bulletin.issued', 7)), sheet(7), [])
    expect(isOver(held[7]!, NOW + HALF_HOUR - 1)).toBe(false)
    expect(isOver(held[7]!, NOW + HALF_HOUR)).toBe(true)
    expect(shown(held, NOW + HALF_HOUR)).toEqual([])
  })

  it('is unread until it is opened, and again in a new version', () => {
    const held = take({}, message('bulletin.issued', 7), message('bulletin.issued', 8))
    const opened = withOpened(held, 8)
    expect(shown(opened, NOW).map(({ id }) => id)).toEqual([7, 8])
    expect(isUnread(take(opened, message('bulletin.updated', 8, 2))[8]!)).toBe(true)
  })

  it('is kept with its photos in one piece', () => {
    const photos = [new Uint8Array([1, 2, 3]), new Uint8Array([4]), new Uint8Array([5, 6])]
    const named = take({}, message('bulletin.issued', 7))
    const held = withSheet(named, sheet(7), photos)[7]!
    expect(held.bytes).toHaveLength(6)
    expect(photosOf(held)).toEqual(photos)
    expect(photosOf(withSheet(named, sheet(7), [])[7]!)).toEqual([])
  })

  it('is what a snapshot names', () => {
    expect(Object.keys(bulletinSlice.fill({ bulletins: [{ id: 3, version: 2 }] }))).toEqual(['3'])
    expect(bulletinSlice.fill({})).toEqual({})
  })
})

const TERMS = {
  kinds: [
    { kind: 'missing_person', roles: ['missing'], bases: ['report'], longest_h: 72, urgent: true },
    { kind: 'warrant', roles: ['wanted'], bases: ['arrest_warrant'], longest_h: 720, urgent: false },
  ],
  arrestable: ['wanted'],
  words_of_arrest: ['抓捕', 'arrest'],
} as Terms
const WORDS = { missing_person: { to_do: '联系值班室', not_to_do: '不要公布' }, warrant: { to_do: '核实', not_to_do: '不要单独' } }

const STATION = { code: '33082407', name: '所', kind: 'station' }

function filled() {
  const form = blank(STATION, '2026-03-10', TERMS, WORDS)
  return { ...form, basis: { ...form.basis, number: '1号' }, fact: '女，9岁' }
}

describe('the form of a bulletin', () => {
  it('lacks only the number and the description of a missing child', () => {
    expect(missing(blank(STATION, '2026-03-10', TERMS, WORDS), TERMS)).toEqual(['basis.number', 'contents.fact'])
    expect(missing(filled(), TERMS)).toEqual([])
    expect(bulletinOf(filled())).toMatchObject({ urgent: true, lasts_h: 24, area: { units: ['33082407'], whole: false } })
  })

  it('sends the time by the clocks of the bureau, and none where nobody knows it', () => {
    const seenAt = (lastSeenAt: string) => bulletinOf({ ...filled(), lastSeenAt }, 'Asia/Shanghai').contents.last_seen_at
    expect(seenAt('2026-03-10T16:40')).toBe('2026-03-10T08:40:00.000Z')
    expect(seenAt('')).toBeNull()
  })

  it('names what else is missing', () => {
    expect(missing({ ...filled(), units: [] }, TERMS)).toEqual(['area'])
    expect(missing({ ...filled(), reach: 'whole' }, TERMS)).toEqual(['area'])
    expect(missing({ ...filled(), lastsH: 73 }, TERMS)).toEqual(['lasts_h'])
    expect(missing({ ...filled(), basis: { ...filled().basis, date: '' } }, TERMS)).toEqual(['basis.date'])
  })

  it('reaches nobody yet where a bureau writes it', () => {
    const bureau = blank({ code: '330824', name: '局', kind: 'bureau' }, '2026-03-10', TERMS, WORDS)
    expect(missing(bureau, TERMS)).toContain('area')
    expect(missing({ ...bureau, cells: ['330824001001001'] }, TERMS)).not.toContain('area')
  })

  it('keeps what somebody wrote when the kind changes, and else has the usual words', () => {
    const own = { ...filled(), toDo: '先联系学校' }
    expect(ofKind(own, 'warrant', TERMS, WORDS)).toMatchObject({ toDo: '先联系学校', notToDo: '不要单独' })
  })

  it('opens a draft as it was written, cells beside units', () => {
    const form = { ...filled(), cells: ['330824001001001'], lastSeenAt: '2026-03-10T16:40', opinion: '可能在外婆家', urgent: false }
    const { contents, ...head } = draftOf(form, 'Asia/Shanghai')
    const bulletin = { ...head, unit: { code: '33082407', name: '所' } } as Detail
    expect(formOf(bulletin, { ...contents, photos: [] } as unknown as Contents, 'Asia/Shanghai')).toEqual(form)
  })

  it('finds a word of arrest of whoever is not wanted', () => {
    expect(wordOfArrest({ ...filled(), toDo: '立即抓捕' }, TERMS)).toBe('抓捕')
    expect(wordOfArrest({ ...filled(), notToDo: '不要抓捕' }, TERMS)).toBeNull()
    expect(wordOfArrest({ ...ofKind(filled(), 'warrant', TERMS, WORDS), toDo: 'ARREST' }, TERMS)).toBeNull()
  })

  it('sends only a missing child at once', () => {
    expect(ofKind(filled(), 'warrant', TERMS, WORDS)).toMatchObject({ urgent: false, role: 'wanted', lastsH: 168 })
  })
})
