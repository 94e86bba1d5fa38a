import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { AWAY_LIMIT_MS, MOST_TRIES } from '@/live/guard'
import { EMPTY_INBOX, receive } from '@/live/inbox'
import { Keeping } from '@/live/keeping'
import { enqueue } from '@/live/outbox'
import { message } from './samples'

const UNLOCK = btoa('k'.repeat(32))
const OTHER = btoa('z'.repeat(32))
const PIN = '407182'
const HELD = receive(EMPTY_INBOX, message(1)).state
const QUEUED = enqueue([], { id: 'c1', verb: 'sign', task: 1, occurred_at: '', data: {} })

let now: number
let keeping: Keeping

/** The account's records as a page that loads again finds them. */
function reloaded(): Keeping {
  keeping.close()
  keeping = new Keeping('330824001', 10, () => now)
  return keeping
}

beforeEach(async () => {
  now = Date.parse('2026-11-22T20:00:00Z')
  keeping = new Keeping('330824001', 10, () => now)
  await keeping.openOnline(UNLOCK)
  await keeping.touch()
  await keeping.storage().keepInbox(EMPTY_INBOX, HELD)
  await keeping.storage().keepOutbox(QUEUED)
})

afterEach(() => keeping.delete())

describe('what an account keeps', () => {
  it('opens again online without a PIN', async () => {
    expect(await reloaded().openOnline(UNLOCK)).toBe(true)
    expect(await keeping.storage().inbox()).toEqual(HELD)
  })

  it('opens by the PIN, and by no other', async () => {
    await keeping.setPin(PIN, UNLOCK)
    expect(await reloaded().openByPin('407183', null)).toBe('wrong')
    expect(await keeping.openByPin(PIN, null)).toBe('open')
    expect(await keeping.storage().inbox()).toEqual(HELD)
  })

  it('begins anew where nothing can open it any more', async () => {
    expect(await reloaded().openOnline(OTHER)).toBe(true)
    expect(await keeping.storage().inbox()).toEqual(EMPTY_INBOX)
    expect(await keeping.storage().outbox()).toEqual([])
  })

  it('waits for the PIN where the server has another secret than before', async () => {
    await keeping.setPin(PIN, UNLOCK)
    expect(await reloaded().openOnline(OTHER)).toBe(false)
    expect(await keeping.openByPin(PIN, OTHER)).toBe('open')
    expect(await reloaded().openOnline(OTHER)).toBe(true)
    expect(await keeping.storage().outbox()).toEqual(QUEUED)
  })
})

describe('wrong PINs', () => {
  async function spend(tries: number): Promise<string[]> {
    const results: string[] = []
    for (let each = 0; each < tries; each += 1) {
      now += await keeping.pinWaitMs()
      results.push(await keeping.openByPin('111112', null))
    }
    return results
  }

  it('make the next wait', async () => {
    await keeping.setPin(PIN, UNLOCK)
    await spend(5)
    expect(await keeping.openByPin(PIN, null)).toBe('wait')
    now += await keeping.pinWaitMs()
    expect(await keeping.openByPin(PIN, null)).toBe('open')
    expect(await keeping.pinWaitMs()).toBe(0)
  })

  it('count over a reload', async () => {
    await keeping.setPin(PIN, UNLOCK)
    await spend(4)
    reloaded()
    await spend(1)
    expect(await keeping.pinWaitMs()).toBeGreaterThan(0)
  })

  it('wipe in the end what was received; what the officer did opens at the next login', async () => {
    await keeping.setPin(PIN, UNLOCK)
    expect((await spend(MOST_TRIES)).at(-1)).toBe('wiped')
    expect(await keeping.openByPin(PIN, null)).toBe('wrong')
    expect(await reloaded().openOnline(UNLOCK)).toBe(true)
    expect(await keeping.storage().inbox()).toEqual(EMPTY_INBOX)
    expect(await keeping.storage().outbox()).toEqual(QUEUED)
  })

  it('are counted too where the PIN is changed', async () => {
    await keeping.setPin(PIN, UNLOCK)
    expect(await keeping.changePin('905513', '111112')).toBe('wrong')
    expect(await keeping.changePin('905513', PIN)).toBe('open')
    expect(await reloaded().openByPin('905513', null)).toBe('open')
  })
})

describe('a day without contact', () => {
  it('wipes what was received and keeps what the officer did', async () => {
    now += AWAY_LIMIT_MS
    expect(await keeping.wipeIfAway()).toBe(true)
    const storage = keeping.storage()
    expect(await storage.inbox()).toEqual(EMPTY_INBOX)
    expect(await storage.outbox()).toEqual(QUEUED)
    // What comes from then on is kept as ever.
    await storage.keepInbox(EMPTY_INBOX, HELD)
    expect(await storage.inbox()).toEqual(HELD)
  })

  it('wipes while all is locked', async () => {
    await keeping.setPin(PIN, UNLOCK)
    now += AWAY_LIMIT_MS
    expect(await reloaded().wipeIfAway()).toBe(true)
    expect(await keeping.openByPin(PIN, null)).toBe('open')
    expect(await keeping.storage().inbox()).toEqual(EMPTY_INBOX)
    expect(await keeping.storage().outbox()).toEqual(QUEUED)
  })

  it('begins with each contact', async () => {
    now += AWAY_LIMIT_MS - 1
    expect(await keeping.wipeIfAway()).toBe(false)
    await keeping.touch()
    now += AWAY_LIMIT_MS - 1
    expect(await keeping.wipeIfAway()).toBe(false)
    expect(await keeping.storage().inbox()).toEqual(HELD)
  })
})

it('leaves what the officer did, locked, when signing out', async () => {
  await keeping.setPin(PIN, UNLOCK)
  await keeping.lock()
  expect(await reloaded().openByPin(PIN, null)).toBe('wrong')
  expect(await keeping.openOnline(UNLOCK)).toBe(true)
  expect(await keeping.storage().inbox()).toEqual(EMPTY_INBOX)
  expect(await keeping.storage().outbox()).toEqual(QUEUED)
})
