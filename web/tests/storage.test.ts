import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it } from 'vitest'

import { DeviceDatabase } from '@/live/deviceDatabase'
import { EMPTY_INBOX, receive, resync } from '@/live/inbox'
import { enqueue, markKept } from '@/live/outbox'
import { MemoryShelf, SealedShelf } from '@/live/shelf'
import { TerminalStorage } from '@/live/storage'
import { Vault } from '@/live/vault'
import { card, message } from './samples'

const UNLOCK = btoa('k'.repeat(32))

const opened: DeviceDatabase[] = []

async function open(username: string): Promise<TerminalStorage> {
  const database = new DeviceDatabase(username)
  opened.push(database)
  const vault = new Vault(database)
  if (await vault.isMade()) await vault.open({ unlock: UNLOCK })
  else await vault.make(UNLOCK)
  return new TerminalStorage(new SealedShelf(database, vault), true)
}

/** All that lies in the database, as one text in which a planted word would be found. */
async function dump(database: DeviceDatabase): Promise<string> {
  const tables = await Promise.all(database.tables.map((table) => table.toArray()))
  const bytes = (value: unknown) =>
    value instanceof ArrayBuffer || ArrayBuffer.isView(value)
      ? new TextDecoder().decode(value as ArrayBuffer)
      : value
  return JSON.stringify(tables, (_, value) => bytes(value))
}

afterEach(async () => {
  for (const database of opened.splice(0)) await database.delete()
})

describe("the terminal's storage", () => {
  it('starts empty', async () => {
    const storage = await open('330824001')
    expect(await storage.inbox()).toEqual(EMPTY_INBOX)
    expect(await storage.outbox()).toEqual([])
  })

  it('has the cursor, the cards and the queue after a restart', async () => {
    const before = await open('330824001')
    const inbox = receive(EMPTY_INBOX, message(1)).state
    const sign = { id: 'c1', verb: 'sign', task: 1, occurred_at: '', data: {} } as const
    await before.keepInbox(EMPTY_INBOX, inbox)
    await before.keepOutbox(markKept(enqueue([], sign)))
    before.close()

    const after = await open('330824001')
    expect(await after.inbox()).toEqual(inbox)
    expect(await after.outbox()).toEqual([{ ...sign, status: 'queued' }])
  })

  it('lets go of what a snapshot no longer has', async () => {
    const storage = await open('330824001')
    const before = resync({ epoch: 'e', seq: 1, snapshot: { tasks: [card(), card({ id: 2 })] } })
    const after = resync({ epoch: 'e', seq: 2, snapshot: { tasks: [card({ id: 2 })] } })
    await storage.keepInbox(EMPTY_INBOX, before)
    await storage.keepInbox(before, after)
    expect(await storage.inbox()).toEqual(after)
  })

  it("never shows one account another's tasks", async () => {
    const first = await open('330824001')
    await first.keepInbox(EMPTY_INBOX, receive(EMPTY_INBOX, message(1)).state)
    expect(await (await open('330824002')).inbox()).toEqual(EMPTY_INBOX)
  })

  it('keeps records of every kind, with bytes', async () => {
    const storage = await open('330824001')
    const photos = storage.records<{ name: string; bytes: Uint8Array }>('photos')
    const photo = { name: '门牌', bytes: new Uint8Array([1, 2, 3]) }
    await photos.put('p1', photo)
    expect(await photos.get('p1')).toEqual(photo)
    expect(await photos.all()).toEqual(new Map([['p1', photo]]))
    await photos.delete('p1')
    expect(await photos.get('p1')).toBeUndefined()
  })

  it('leaves nothing that can be read', async () => {
    const storage = await open('330824001')
    const secret = card({}, 1)
    const address = '解放街十七号三单元'
    const data = { task: { ...secret, incident: { ...secret.incident, address } } }
    await storage.keepInbox(EMPTY_INBOX, receive(EMPTY_INBOX, message(1, 'task.offered', data)).state)
    expect(await dump(opened[0]!)).not.toContain(address)
    expect((await storage.inbox()).tasks[1]?.card.incident.address).toBe(address)
  })

  it('takes a record that was put in the place of another for none', async () => {
    const storage = await open('330824001')
    const database = opened[0]!
    const captures = storage.records<string>('captures')
    await captures.put('1', 'one')
    const row = await database.records.get(['captures', '1'])
    await database.records.put({ ...row!, id: '2' })
    expect(await captures.get('2')).toBeUndefined()
    expect(await captures.all()).toEqual(new Map([['1', 'one']]))
  })

  it('keeps in memory what it can not seal', async () => {
    const storage = new TerminalStorage(new MemoryShelf(), false)
    const inbox = receive(EMPTY_INBOX, message(1)).state
    await storage.keepInbox(EMPTY_INBOX, inbox)
    expect(await storage.inbox()).toEqual(inbox)
  })
})
