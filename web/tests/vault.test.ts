import 'fake-indexeddb/auto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { DeviceDatabase } from '@/live/deviceDatabase'
import { Vault, WrongSecret, type Secret } from '@/live/vault'

const UNLOCK = btoa('k'.repeat(32))
const OTHER = btoa('z'.repeat(32))
const ROUNDS = 10

let database: DeviceDatabase
let vault: Vault

async function bytesOf(key: CryptoKey, iv: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new Uint8Array(8)))
}

/** The keys as the vault opens by a secret. */
async function keysBy(secret: Secret): Promise<{ own: CryptoKey; received: CryptoKey }> {
  const opened = new Vault(database, ROUNDS)
  await opened.open(secret)
  return { own: opened.key('own'), received: opened.key('received') }
}

async function areSame(one: CryptoKey, other: CryptoKey): Promise<boolean> {
  const iv = new Uint8Array(12)
  return Buffer.from(await bytesOf(one, iv)).equals(Buffer.from(await bytesOf(other, iv)))
}

beforeEach(async () => {
  database = new DeviceDatabase('330824001')
  vault = new Vault(database, ROUNDS)
  await vault.make(UNLOCK)
})

afterEach(() => database.delete())

describe('the vault', () => {
  it("opens by the server's secret, to the same keys", async () => {
    const first = await keysBy({ unlock: UNLOCK })
    const second = await keysBy({ unlock: UNLOCK })
    expect(await areSame(first.own, second.own)).toBe(true)
    expect(await areSame(first.own, first.received)).toBe(false)
  })

  it('stays shut for another secret, and for any PIN while none is set', async () => {
    await expect(vault.open({ unlock: OTHER })).rejects.toThrow(WrongSecret)
    await expect(vault.open({ pin: '407182' })).rejects.toThrow(WrongSecret)
    expect(await vault.hasPin()).toBe(false)
  })

  it('opens by the PIN once it is admitted, and by no other', async () => {
    await vault.admit({ pin: '407182' }, { unlock: UNLOCK })
    const byPin = await keysBy({ pin: '407182' })
    expect(await areSame(byPin.received, (await keysBy({ unlock: UNLOCK })).received)).toBe(true)
    await expect(vault.open({ pin: '407183' })).rejects.toThrow(WrongSecret)
  })

  it('changes the PIN by the old one', async () => {
    await vault.admit({ pin: '407182' }, { unlock: UNLOCK })
    await vault.admit({ pin: '905513' }, { pin: '407182' })
    await vault.open({ pin: '905513' })
    await expect(vault.open({ pin: '407182' })).rejects.toThrow(WrongSecret)
  })

  it("takes another server's secret by the PIN", async () => {
    await vault.admit({ pin: '407182' }, { unlock: UNLOCK })
    const before = await keysBy({ unlock: UNLOCK })
    await vault.admit({ unlock: OTHER }, { pin: '407182' })
    expect(await areSame(before.own, (await keysBy({ unlock: OTHER })).own)).toBe(true)
  })

  it('lets no key out', async () => {
    const keys = await keysBy({ unlock: UNLOCK })
    const device = await database.keyNamed('device')
    for (const key of [keys.own, keys.received, device!.key]) {
      expect(key.extractable).toBe(false)
      await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow()
    }
  })

  it('is of no use without the device key', async () => {
    await database.keys.delete('device')
    await expect(vault.open({ unlock: UNLOCK })).rejects.toThrow(WrongSecret)
  })

  it('makes another key for what is received after the old one was dropped', async () => {
    const before = await keysBy({ unlock: UNLOCK })
    await database.wipeReceived()
    await vault.renewReceived()
    const after = await keysBy({ unlock: UNLOCK })
    expect(await areSame(after.received, vault.key('received'))).toBe(true)
    expect(await areSame(before.received, after.received)).toBe(false)
    expect(await areSame(before.own, after.own)).toBe(true)
  })
})
