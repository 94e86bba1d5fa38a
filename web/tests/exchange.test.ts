import { describe, expect, it } from 'vitest'

import { fromLines, toDraft, toLines, toRules } from '@/exchange/rules'
import type { Rules } from '@/exchange/types'

const RULES: Rules = {
  fields: { external_id: 'jjdbh', category: 'bjlb', lon: '/wz/jd', lat: '/wz/wd' },
  constants: { priority: 2, address: '12' },
  categories: { '01*': 'criminal', 'a = b': 'other' },
  priorities: { 特急: 1 },
  time_format: '%Y%m%d%H%M%S',
  timezone: 'Asia/Shanghai',
  crs: 'gcj02',
}

describe('a mapping as a form has it', () => {
  it('comes back as it was', () => {
    expect(toRules(toDraft(RULES, 'Asia/Shanghai'))).toEqual(RULES)
  })

  it('begins empty, in the bureau’s time', () => {
    const draft = toDraft(null, 'America/Chicago')
    expect(draft.timezone).toBe('America/Chicago')
    expect(toRules(draft).fields).toEqual({})
  })

  it('leaves out what was not said', () => {
    const draft = toDraft(RULES, 'Asia/Shanghai')
    draft.fields.lon = '  '
    expect(Object.keys(toRules(draft).fields)).not.toContain('lon')
  })
})

describe('tables as lines', () => {
  it('read codes that hold an equals sign', () => {
    expect(fromLines('a = b = other\n\n 02* =traffic ')).toEqual({ 'a = b': 'other', '02*': 'traffic' })
  })

  it('keep a line without one, for the server to refuse', () => {
    expect(fromLines('01')).toEqual({ '01': '' })
  })

  it('are written as they are read', () => {
    expect(toLines(fromLines('1 = a\n2 = b'))).toBe('1 = a\n2 = b')
  })
})
