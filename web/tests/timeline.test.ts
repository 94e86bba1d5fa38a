import { describe, expect, it } from 'vitest'

import type { HistoryEntry, Offer } from '@/api/types'
import { placesOf, timelineOf, wordsOf } from '@/supervision/timeline'

const AT = '2026-11-22T13:00:00+08:00'

function entry(id: number, at: string, changes: Partial<HistoryEntry> = {}): HistoryEntry {
  const nowhere = { lon: null, lat: null, clock_offset_s: null, device: null, actor: null }
  return { id, verb: 'sign', from: 'assigned', to: 'signed', occurred_at: at, at, data: {}, late: false, ...nowhere, ...changes }
}
const offer = { told_at: AT } as Offer

describe('the timeline of a task', () => {
  it('has what was done before the telling that follows from it', () => {
    const history = [entry(1, AT), entry(2, '2026-11-22T13:05:00+08:00')]
    expect(timelineOf({ history, offers: [offer] }).map(({ key }) => key)).toEqual(['done-1', 'told-0', 'done-2'])
  })

  it('puts a device right by what its clock is off', () => {
    const [moment] = timelineOf({ history: [entry(1, AT, { clock_offset_s: -60 })], offers: [] })
    expect(moment).toMatchObject({ at: Date.parse(AT), happened: Date.parse(AT) - 60_000 })
  })

  it('knows the places that were told', () => {
    expect(placesOf([entry(1, AT), entry(2, AT, { lon: 118.4, lat: 29.1 })])).toEqual([{ id: 2, lon: 118.4, lat: 29.1 }])
  })

  it('says what the actor wrote, and no outcome as a word', () => {
    expect(wordsOf(entry(1, AT, { data: { outcome: 'resolved', text: 'calm again', suspects: 2, photo: '' } }))).toEqual(['calm again'])
  })
})
