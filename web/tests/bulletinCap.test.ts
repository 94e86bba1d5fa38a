import { describe, expect, it } from 'vitest'

import { basesOf, blankCap, importOf, isSendable, longestOf, ofCapKind, type Area } from '@/bulletins/capForm'
import type { Terms } from '@/bulletins/types'

const TERMS = {
  kinds: [
    { kind: 'missing_person', roles: ['missing'], bases: ['report'], longest_h: 72, urgent: true },
    { kind: 'warrant', roles: ['wanted'], bases: ['arrest_warrant', 'wanted_order'], longest_h: 720, urgent: false },
  ],
  arrestable: ['wanted'],
  words_of_arrest: [],
} as Terms
const STATION = { code: '33082401', name: '城关派出所', kind: 'station' }
const NOWHERE: Area = { units: [], cells: [], whole: null }

function given() {
  const form = blankCap(STATION, '2026-03-10', TERMS)
  return { ...form, document: '<alert/>', basis: { ...form.basis, number: ' 1号 ' } }
}

describe('a CAP message that is taken in', () => {
  it('needs the document, and an instrument but for a Cancel', () => {
    expect(isSendable(blankCap(STATION, '2026-03-10', TERMS))).toBe(false)
    expect(isSendable(given())).toBe(true)
    expect(isSendable({ ...given(), basis: { ...given().basis, number: '' } })).toBe(true)
    expect(isSendable({ ...given(), basis: { ...given().basis, date: '' } })).toBe(false)
  })

  it('stands on what is given here, and else says what the message says', () => {
    expect(importOf(given(), NOWHERE)).toEqual({
      unit: '33082401',
      document: '<alert/>',
      basis: { type: 'report', number: '1号', authority: '城关派出所', date: '2026-03-10' },
    })
  })

  it('of a Cancel carries nothing but the document', () => {
    const cancel = { ...given(), basis: { ...given().basis, number: ' ' } }
    expect(importOf(cancel, NOWHERE)).toEqual({ unit: '33082401', document: '<alert/>' })
  })

  it('carries what was added here', () => {
    const form = { ...given(), kind: 'missing_person', lastsH: 24, notToDo: ' 不要公布 ' }
    expect(importOf(form, { ...NOWHERE, units: ['33082401'] })).toMatchObject({
      kind: 'missing_person',
      lasts_h: 24,
      area: { units: ['33082401'], cells: [], whole: false },
      contents: { not_to_do: '不要公布' },
    })
    expect(importOf(form, { units: ['33082401'], cells: [], whole: ' 已乘车离开 ' }).area).toEqual({ units: [], cells: [], whole: true, reason: '已乘车离开' })
  })

  it('stands on an instrument that its kind may stand on', () => {
    expect(basesOf('', TERMS)).toEqual(['report', 'arrest_warrant', 'wanted_order'])
    expect(ofCapKind(given(), 'warrant', TERMS).basis).toMatchObject({ type: 'arrest_warrant', number: ' 1号 ' })
    const wanted = { ...given(), basis: { ...given().basis, type: 'wanted_order' } }
    expect(ofCapKind(wanted, '', TERMS).basis.type).toBe('wanted_order')
    expect([longestOf('', TERMS), longestOf('missing_person', TERMS)]).toEqual([720, 72])
  })
})
