import { describe, expect, it } from 'vitest'

import { say } from '@/base/reasons'
import en from '@reasons/en.json'
import zhCN from '@reasons/zh-CN.json'

describe('a reason', () => {
  const because = {
    code: 'backup.primary_absent',
    params: { cell_name: '城东社区', absent: ['330824001', '330824002'] },
    text: 'as the server said it',
  }

  it('is composed in the language of the reader, tail sentences included', () => {
    expect(say(because, zhCN, 'zh-CN')).toBe(
      '网格“城东社区”的A角缺勤，由B角顶岗。缺勤：330824001、330824002。',
    )
    expect(say(because, en, 'en')).toMatch(/; the backup covers\. Absent: 330824001, 330824002\.$/)
  })

  it('has words for codes, and names that each language has for itself', () => {
    const params = { weekday: 5, time: '10:00', day_name: { 'zh-CN': '国庆节', en: 'National Day' } }
    const holiday = { code: 'when.holiday', params, text: '' }
    expect(say(holiday, zhCN, 'zh-CN')).toBe('周六10:00，法定节假日，集约值班。节假日安排：国庆节。')
    expect(say(holiday, en, 'en')).toMatch(/^Saturday 10:00, .* Public holiday: National Day\.$/)
  })

  it('keeps the text of the server where the code is unknown', () => {
    expect(say({ ...because, code: 'new.reason' }, en, 'en')).toBe('as the server said it')
  })
})
