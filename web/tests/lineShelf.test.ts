import { beforeEach, describe, expect, it } from 'vitest'

import { keepLines, keptLines } from '@/board/lineShelf'
import { forget } from '@/live/wipe'
import { Tab } from './tab'

let tab: Tab

beforeEach(() => {
  tab = new Tab()
  keepLines('command', ['new', 'find 独山村'], tab)
})

describe('the lines that a tab keeps', () => {
  it('come back after a reload', () => expect(keptLines('command', tab)).toEqual(['new', 'find 独山村']))

  it('are of nobody else', () => expect(keptLines('admin', tab)).toEqual([]))

  it('are gone once one signs out', () => {
    forget(tab)
    expect(keptLines('command', tab)).toEqual([])
    expect(tab.length).toBe(0)
  })
})
