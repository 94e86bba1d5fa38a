/** The tables on the device, one database per account; what is told of a task is sealed in them. */
import Dexie, { type Table } from 'dexie'

import { kindsOf, type RecordKind } from './records'

export interface SealedRow {
  kind: RecordKind
  id: string
  iv: Uint8Array<ArrayBuffer>
  sealed: ArrayBuffer
}

/** A key that can't leave the browser, or one that only another key opens. */
export type KeyRow =
  | { name: 'device'; key: CryptoKey }
  | { name: 'master.server'; salt: Uint8Array<ArrayBuffer>; wrapped: ArrayBuffer }
  | { name: 'master.pin'; salt: Uint8Array<ArrayBuffer>; rounds: number; wrapped: ArrayBuffer }
  | { name: 'received' | 'own'; wrapped: ArrayBuffer }

/** Facts that must be read while everything else is locked; none tells of a task. */
export type FactRow =
  | { name: 'contact'; at: number; latest: number }
  | { name: 'tries'; wrong: number; until: number }

const PREFIX = 'gridserver.'

export class DeviceDatabase extends Dexie {
  declare readonly records: Table<SealedRow, [RecordKind, string]>
  declare readonly keys: Table<KeyRow, KeyRow['name']>
  declare readonly facts: Table<FactRow, FactRow['name']>

  constructor(username: string) {
    // On the disk before it is acknowledged or called kept: Chromium's own choice, relaxed, loses
    // with the battery what its last writes were.
    super(PREFIX + username, { chromeTransactionDurability: 'strict' })
    // Version 1 kept its rows open to read.
    this.version(2).stores({ states: null, records: '[kind+id], kind', keys: 'name', facts: 'name' })
  }

  static async exists(username: string): Promise<boolean> {
    return Dexie.exists(PREFIX + username)
  }

  /** Deletes what every account has on this device. */
  static async deleteAll(): Promise<void> {
    const names = await Dexie.getDatabaseNames()
    const own = names.filter((name) => name.startsWith(PREFIX))
    await Promise.all(own.map((name) => Dexie.delete(name)))
  }

  /** Drops the key of what was received first, so that no row that is left could be read. */
  async wipeReceived(): Promise<void> {
    await this.keys.delete('received')
    await this.records.where('kind').anyOf(kindsOf('received')).delete()
  }

  async keyNamed<Name extends KeyRow['name']>(
    name: Name,
  ): Promise<Extract<KeyRow, { name: Name }> | undefined> {
    return (await this.keys.get(name)) as Extract<KeyRow, { name: Name }> | undefined
  }

  async factNamed<Name extends FactRow['name']>(
    name: Name,
  ): Promise<Extract<FactRow, { name: Name }> | undefined> {
    return (await this.facts.get(name)) as Extract<FactRow, { name: Name }> | undefined
  }
}
