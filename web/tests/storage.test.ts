import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it } from 'vitest'

import { EMPTY_INBOX, receive } from '@/live/inbox'
import { enqueue } from '@/live/outbox'
import { TerminalStorage } from '@/live/storage'
import { card } from './samples'

const opened: TerminalStorage[] = []

function open(username: string): TerminalStorage {
  const storage = new TerminalStorage(username)
  opened.push(storage)
  return storage
}

afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.delete()
})

describe("the terminal's storage", () => {
  it('starts empty', async () => {
    const storage = open('330824001')
    expect(await storage.inbox()).toEqual(EMPTY_INBOX)
    expect(await storage.outbox()).toEqual([])
  })

  it('has the cursor, the cards and the queue after a restart', async () => {
    const before = open('330824001')
    const data = { task: card() }
    const inbox = receive(EMPTY_INBOX, { seq: 1, id: 'm1', type: 'task.offered', at: '', data }).state
    const sign = { id: 'c1', verb: 'sign', task: 1, occurred_at: '', data: {} } as const
    await before.keepInbox(inbox)
    await before.keepOutbox(enqueue([], sign))
    before.close()

    const after = open('330824001')
    expect(await after.inbox()).toEqual(inbox)
    expect(await after.outbox()).toEqual([{ ...sign, status: 'queued' }])
  })

  it("never shows one account another's tasks", async () => {
    const data = { task: card() }
    const first = open('330824001')
    const message = { seq: 1, id: 'm1', type: 'task.offered', at: '', data } as const
    await first.keepInbox(receive(EMPTY_INBOX, message).state)
    expect(await open('330824002').inbox()).toEqual(EMPTY_INBOX)
  })
})
