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

  it('keeps the text of the server where the code is unknown', () => {
    expect(say({ ...because, code: 'new.reason' }, en, 'en')).toBe('as the server said it')
  })
})
