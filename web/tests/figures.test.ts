import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { byLabel, overTime, type Colours, type Plot } from '@/figures/charts'
import { chosenQuery, dayQuery } from '@/figures/links'
import { lastDays, periodOf } from '@/figures/period'
import { throttled } from '@/figures/throttle'
import { changeWords, keptShare, spanWords } from '@/figures/words'

const ZONE = 'Asia/Shanghai'

describe('figures in words', () => {
  it('tell a span by its greatest unit', () => {
    expect([0, 42.4, 89.9, 90, 754, 5399, 5400, 90000].map((each) => spanWords(each, 'en'))).toEqual([
      '0 sec',
      '42 sec',
      '90 sec',
      '1.5 min',
      '12.6 min',
      '90 min',
      '1.5 hr',
      '25 hr',
    ])
    expect(spanWords(754, 'zh-CN')).toBe('12.6分钟')
  })

  it('tell a change in percent where there were enough before', () => {
    expect(changeWords(12, 10, 'en')).toBe('+20%')
    expect(changeWords(8, 10, 'en')).toBe('-20%')
    expect(changeWords(10, 10, 'en')).toBe('0%')
    expect(changeWords(3, 1, 'en')).toBeNull()
    expect(changeWords(3, 0, 'en')).toBeNull()
  })

  it('never round a missed target up to all kept', () => {
    expect(keptShare({ with_target: 1000, within_target: 999 })).toBe(99)
    expect(keptShare({ with_target: 0, within_target: 0 })).toBeNull()
  })
})

describe('the links of figures', () => {
  const span = { start: 'S', until: 'U' }
  const codes = (broad: string) => [broad, `${broad}-1`]

  it('ask the list for the same calls', () => {
    expect(dayQuery({ figure: 'received', broad_class: 'help' }, span, '', codes)).toEqual({ from: 'S', to: 'U', category: 'help,help-1' })
    expect(dayQuery({ figure: 'overdue' }, span, '33082401', codes)).toEqual({ state: 'assigned', overdue: '1', station: '33082401' })
    expect(dayQuery({ figure: 'reported', priority: 1 }, span, '', codes)).toEqual({ state: 'reported', priority: '1' })
  })

  it('are none where the list has no such filter', () => {
    expect(dayQuery({ figure: 'unowned' }, span, '', codes)).toBeNull()
    expect(dayQuery({ figure: 'closed' }, span, '', codes)).toBeNull()
    expect(chosenQuery({ from: 'F', to: 'T', hour: 0 })).toBeNull()
    expect(chosenQuery({ from: 'F', to: 'T', cell: '-' })).toBeNull()
    expect(chosenQuery({ from: 'F', to: 'T', station: '', priority: 2 })).toEqual({ from: 'F', to: 'T', priority: '2' })
  })
})

describe('a period', () => {
  it('is of whole days of the bureau', () => {
    const now = Date.parse('2026-03-09T17:00:00Z')
    expect(lastDays(7, now, ZONE)).toEqual({ first: '2026-03-03', last: '2026-03-10' })
    expect(periodOf({ first: '2026-03-03', last: '2026-03-10' }, ZONE)).toEqual({
      from: '2026-03-02T16:00:00.000Z',
      to: '2026-03-10T16:00:00.000Z',
    })
  })

  it('goes over the end of a year', () => {
    expect(periodOf({ first: '2026-12-31', last: '2026-12-31' }, ZONE).to).toBe('2026-12-31T16:00:00.000Z')
  })
})

describe('what is throttled', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('is done at once, and then once however often it is asked for', async () => {
    const work = vi.fn(() => Promise.resolve())
    const { ask } = throttled(work, 2000)
    for (let each = 0; each < 200; each++) ask()
    expect(work).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(2000)
    expect(work).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(work).toHaveBeenCalledTimes(2)
    ask()
    expect(work).toHaveBeenCalledTimes(3)
  })

  it('is not done again before the last is over, and no more once stopped', async () => {
    let finish = () => {}
    const work = vi.fn(() => new Promise<void>((done) => (finish = done)))
    const { ask, stop } = throttled(work, 2000)
    ask()
    ask()
    await vi.advanceTimersByTimeAsync(9000)
    expect(work).toHaveBeenCalledTimes(1)
    finish()
    await vi.advanceTimersByTimeAsync(0)
    expect(work).toHaveBeenCalledTimes(2)
    stop()
    ask()
    finish()
    await vi.advanceTimersByTimeAsync(9000)
    expect(work).toHaveBeenCalledTimes(2)
  })
})

describe('charts', () => {
  const plot: Plot = { labels: ['a', 'b'], series: [{ name: 'now', values: [1, null] }, { name: 'then', values: [2, 3] }], say: String, description: 'what' }
  const colours = Object.fromEntries(['ink', 'soft', 'faint', 'line', 'surface', 'accent', 'wash', 'calm', 'amber', 'red'].map((each) => [each, '#000'])) as unknown as Colours

  it.each([overTime, byLabel])('draw their tooltip on the canvas and are described', (option) => {
    expect(option(plot, colours, { fontFamily: 'serif', fontSize: 12 })).toMatchObject({
      tooltip: { renderMode: 'richText' },
      aria: { enabled: true, label: { description: 'what' } },
      animation: false,
    })
  })
})
