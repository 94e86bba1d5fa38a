import { describe, expect, it } from 'vitest'

import { heartbeat } from '@/live/heartbeat'

/** A line on which time goes by in quarter seconds, and answers come as long as `answers`. */
function line() {
  const told: string[] = []
  const waiting: (() => void)[] = []
  const given = { told, waiting, connected: true, answers: true, now: 0 }
  const watched = heartbeat({
    connected: () => given.connected,
    send: (answered) => (given.answers ? answered() : waiting.push(answered)),
    lost: () => told.push('lost'),
    found: () => told.push('found'),
    giveUp: () => told.push('given up'),
  })
  const pass = (ms: number) => {
    for (const end = given.now + ms; given.now < end; given.now += 250) watched.tick(given.now)
  }
  return { given, pass }
}

describe('the heartbeat of a link', () => {
  it('says nothing as long as it is answered', () => {
    const { given, pass } = line()
    pass(60_000)
    expect(given.told).toEqual([])
  })

  it('tells of a loss within three seconds, whenever it happens', () => {
    for (const at of [1000, 1250, 1500, 1750]) {
      const { given, pass } = line()
      pass(at)
      given.answers = false
      pass(3000)
      expect(given.told).toEqual(['lost'])
    }
  })

  it('takes it back when the answer was only late', () => {
    const { given, pass } = line()
    given.answers = false
    pass(2500)
    given.answers = true
    given.waiting.forEach((answered) => answered())
    pass(10_000)
    expect(given.told).toEqual(['lost', 'found'])
  })

  it('gives up a silent line, and is deaf to what it says afterwards', () => {
    const { given, pass } = line()
    given.answers = false
    pass(5250)
    expect(given.told).toEqual(['lost', 'given up'])
    given.connected = false
    pass(1000)
    given.waiting.forEach((answered) => answered())
    expect(given.told).toEqual(['lost', 'given up'])
  })
})
