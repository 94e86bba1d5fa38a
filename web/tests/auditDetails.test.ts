import { describe, expect, it } from 'vitest'
import { createI18n } from 'vue-i18n'

import { detailsOf, type Words } from '@/audit/details'
import en from '@/locales/en.json'
import zhCN from '@/locales/zh-CN.json'

const i18n = createI18n({ legacy: false, locale: 'en', messages: { 'zh-CN': zhCN, en } })
const { t, te, n } = i18n.global
const EN: Words = {
  t: (key) => t(key, {}, { locale: 'en' }),
  te: (key) => te(key, 'en'),
  n: (value) => n(value),
  moment: (at) => `<${at}>`,
}
const ZH: Words = { ...EN, t: (key) => t(key, {}, { locale: 'zh-CN' }), te: (key) => te(key, 'zh-CN') }

describe('the details of a row of the ledger', () => {
  it('have names and values in the language of the reader', () => {
    const data = { shown: ['password', 'totp'] }
    expect(detailsOf(data, EN)).toEqual([{ name: 'shown', is: 'password, code of an app' }])
    expect(detailsOf(data, ZH)).toEqual([{ name: '凭据', is: '密码、动态口令' }])
    const granted = { role: 'auditor', unit: '330824', authorised_by: [] }
    expect(detailsOf(granted, ZH).map(({ name, is }) => `${name} ${is}`)).toEqual([
      '角色 审计员',
      '单位 330824',
      '授权人 —',
    ])
  })

  it('say what was changed, and once what was not', () => {
    const data = { before: { state: 'signed', mode: null }, after: { state: 'en_route', mode: null } }
    expect(detailsOf(data, ZH)).toEqual([
      { name: '状态', was: '已签收', is: '赶赴中' },
      { name: '派警方式', is: '—' },
    ])
    const moved = { before: { duty: 'pool', end: 'A' }, after: { duty: 'pool', end: 'B' } }
    expect(detailsOf(moved, EN).map(({ name }) => name)).toEqual(['until', 'duty'])
    expect(detailsOf({ before: { rank: null }, after: { rank: 'B' } }, EN)).toEqual([{ name: 'rank', was: '—', is: 'B' }])
  })

  it('say what was added or taken away, with nothing before or after it', () => {
    expect(detailsOf({ after: { name: 'A' } }, EN)).toEqual([{ name: 'name', is: 'A' }])
    expect(detailsOf({ shift: 7, before: { duty: 'pool' } }, ZH)).toEqual([
      { name: '班次', is: '7' },
      { name: '班种', is: zhCN.duty.duty.pool },
    ])
  })

  it('say a code by the name that it stands under', () => {
    expect(detailsOf({ told: 'room', duty: 'room' }, ZH).map(({ is }) => is)).toEqual([
      zhCN.audit.value.room,
      zhCN.duty.duty.room,
    ])
  })

  it('say moments by the wall clock, and leave a day and a number that is none', () => {
    const data = { end: '2026-10-26T16:00:00+00:00', date: '2026-10-26', cell: '330824106200001', late: false }
    expect(detailsOf(data, EN).map(({ is }) => is)).toEqual([
      '<2026-10-26T16:00:00+00:00>',
      '2026-10-26',
      '330824106200001',
      'no',
    ])
  })

  it('say why something was refused, and what lies within', () => {
    const data = { why: 'access.wrong_credentials', values: { kind: 'traffic', agency: null } }
    expect(detailsOf(data, EN)).toEqual([
      { name: 'why', is: 'The account or the password is wrong.' },
      { name: 'values', is: 'kind Traffic, agency —' },
    ])
  })

  it('keep what has no words as it was kept', () => {
    expect(detailsOf({ not_a_word: 'nor_is_this' }, EN)).toEqual([{ name: 'not_a_word', is: 'nor_is_this' }])
  })
})
