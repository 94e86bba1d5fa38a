import { describe, expect, it } from 'vitest'

import { agencyOf, COMMANDS, completions, noteOf, numberOf, parse, remembered, type Parsed } from '@/board/commandLine'

function said(parsed: Parsed): unknown[] {
  return 'fault' in parsed ? [parsed.fault] : [parsed.command.name, parsed.task, parsed.rest]
}

describe('the command line', () => {
  it.each([
    ['sign 1042', ['sign', 1042, '']],
    ['/sign #0042', ['sign', 42, '']],
    ['  SIGN   7 ', ['sign', 7, '']],
    ['签收 1042', ['sign', 1042, '']],
    ['assign 1042 330824017', ['assign', 1042, '330824017']],
    ['指派 1042 330824017', ['assign', 1042, '330824017']],
    ['close 1042', ['close', 1042, '']],
    ['return 1042 车坏了 换人', ['return', 1042, '车坏了 换人']],
    ['back 1042 谁在场', ['back', 1042, '谁在场']],
    ['find 华埠', ['find', null, '华埠']],
    ['查找 hua bu', ['find', null, 'hua bu']],
    ['go 330824100001001', ['go', null, '330824100001001']],
    ['new', ['new', null, '']],
    ['hand 1042 12345热线 路灯 坏了', ['hand', 1042, '12345热线 路灯 坏了']],
    ['答复 1042 已修复', ['answer', 1042, '已修复']],
    ['link 1042 1040', ['link', 1042, '1040']],
    ['重复 1042 #1040', ['link', 1042, '#1040']],
    ['silence 20 车已出发', ['silence', null, '20 车已出发']],
    ['静音 车已出发', ['silence', null, '车已出发']],
    ['告警', ['alarm', null, '']],
    ['解除战时', ['unmob', null, '']],
    ['战时', ['mob', null, '']],
    ['？', ['help', null, '']],
  ])('reads %s', (line, meant) => {
    expect(said(parse(line, false))).toEqual(meant)
  })

  it.each([
    ['sign', ['sign', null, '']],
    ['assign 330824017', ['assign', null, '330824017']],
    ['cancel 误报', ['cancel', null, '误报']],
    ['hand 12345热线 路灯坏了', ['hand', null, '12345热线 路灯坏了']],
    ['link 1040', ['link', null, '1040']],
  ])('means the chosen task by %s', (line, meant) => {
    expect(said(parse(line, true))).toEqual(meant)
  })

  it.each([
    ['', false, 'empty'],
    ['dance 1042', true, 'unknown'],
    ['sign', false, 'no_task'],
    ['sign 10421', true, 'too_much'],
    ['assign 1042', true, 'no_officer'],
    ['assign 1042 张三', false, 'no_officer'],
    ['return 1042', true, 'no_words'],
    ['hand 1042 12345热线', true, 'no_agency'],
    ['link 1042', false, 'no_other'],
    ['link 1042 华埠', true, 'no_other'],
    ['silence 20', true, 'no_note'],
    ['find', false, 'no_words'],
    ['go', false, 'no_code'],
    ['new one', false, 'too_much'],
  ])('says what is wrong with "%s"', (line, chosen, fault) => {
    expect(said(parse(line, chosen))).toEqual([fault])
  })

  it('tells an agency from what it is asked for, and minutes from a reason', () => {
    expect(agencyOf('12345热线 路灯 坏了')).toEqual({ agency: '12345热线', text: '路灯 坏了' })
    expect(noteOf('20 车已出发')).toEqual({ minutes: 20, note: '车已出发' })
    expect(noteOf('900 车已出发')).toEqual({ minutes: 480, note: '车已出发' })
    expect(noteOf('车 已出发')).toEqual({ minutes: 10, note: '车 已出发' })
    expect(numberOf('#0042')).toBe(42)
  })

  it('has each word once', () => {
    const words = COMMANDS.flatMap((each) => each.words)
    expect(new Set(words).size).toBe(words.length)
  })

  it('offers how a line may go on', () => {
    const known = {
      commands: COMMANDS.map(({ words }) => ({ text: words[0]!, label: '' })),
      tasks: [
        { text: '1042', label: '纠纷' },
        { text: '1051', label: '盗窃' },
      ],
      officers: [{ text: '330824017', label: '330824017' }],
    }
    const lines = (line: string) => completions(line, known).map((each) => each.line)
    expect(lines('s')).toEqual(['sign ', 'show ', 'silence '])
    expect(lines('sign 10')).toEqual(['sign 1042 ', 'sign 1051 '])
    expect(lines('assign 1042 33')).toEqual(['assign 1042 330824017 '])
    expect(lines('assign 3')).toEqual(['assign 330824017 '])
    expect(lines('link 1042 105')).toEqual(['link 1042 1051 '])
    expect(lines('find 10')).toEqual([])
    expect(lines('sign 1042')).toEqual([])
  })

  it('remembers what was said, and nothing twice in a row', () => {
    expect(remembered(['new'], ' sign 1 ')).toEqual(['new', 'sign 1'])
    expect(remembered(['new'], 'new')).toEqual(['new'])
    expect(remembered(['new'], ' ')).toEqual(['new'])
    expect(remembered(Array.from({ length: 50 }, (_, at) => `go ${at}`), 'new')).toHaveLength(50)
  })
})
