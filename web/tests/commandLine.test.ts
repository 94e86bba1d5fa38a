import { describe, expect, it } from 'vitest'

import { COMMANDS, completions, parse, remembered, type Parsed } from '@/board/commandLine'

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
    ['战时', ['mob', null, '']],
    ['？', ['help', null, '']],
  ])('reads %s', (line, meant) => {
    expect(said(parse(line, false))).toEqual(meant)
  })

  it.each([
    ['sign', ['sign', null, '']],
    ['assign 330824017', ['assign', null, '330824017']],
    ['cancel 误报', ['cancel', null, '误报']],
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
    ['find', false, 'no_words'],
    ['go', false, 'no_code'],
    ['new one', false, 'too_much'],
  ])('says what is wrong with "%s"', (line, chosen, fault) => {
    expect(said(parse(line, chosen))).toEqual([fault])
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
    expect(lines('s')).toEqual(['sign ', 'show '])
    expect(lines('sign 10')).toEqual(['sign 1042 ', 'sign 1051 '])
    expect(lines('assign 1042 33')).toEqual(['assign 1042 330824017 '])
    expect(lines('assign 3')).toEqual(['assign 330824017 '])
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
