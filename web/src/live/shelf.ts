/** Where records stand: sealed in the browser's database, or in memory where nothing can be sealed. */
import type { DeviceDatabase, SealedRow } from './deviceDatabase'
import { decode, encode, partOf, type Change, type RecordKind } from './records'
import type { Vault } from './vault'

export interface Shelf {
  get(kind: RecordKind, id: string): Promise<unknown>
  all(kind: RecordKind): Promise<Map<string, unknown>>
  /** Makes all of the changes or none. */
  write(changes: readonly Change[]): Promise<void>
  close(): void
}

const IV_BYTES = 12

/** Records sealed one by one with AES-GCM; kind and id are bound to the content. */
export class SealedShelf implements Shelf {
  constructor(
    private readonly database: DeviceDatabase,
    private readonly vault: Vault,
  ) {}

  async get(kind: RecordKind, id: string): Promise<unknown> {
    const row = await this.database.records.get([kind, id])
    return row && this.opened(row)
  }

  async all(kind: RecordKind): Promise<Map<string, unknown>> {
    const rows = await this.database.records.where({ kind }).toArray()
    const opened = await Promise.all(rows.map(async (row) => [row.id, await this.opened(row)] as const))
    return new Map(opened.filter(([, value]) => value !== undefined))
  }

  async write(changes: readonly Change[]): Promise<void> {
    // Sealed beforehand: a transaction of the database ends where it waits for anything else.
    const put = await Promise.all(changes.filter(hasValue).map((change) => this.sealed(change)))
    const gone = changes.filter((change) => !hasValue(change))
    const { records } = this.database
    await this.database.transaction('rw', records, async () => {
      await records.bulkPut(put)
      await records.bulkDelete(gone.map(({ kind, id }) => [kind, id]))
    })
  }

  close(): void {
    this.database.close()
  }

  private async sealed({ kind, id, value }: Change): Promise<SealedRow> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
    const key = this.vault.key(partOf(kind))
    const sealed = await crypto.subtle.encrypt(cipher(kind, id, iv), key, encode(value))
    return { kind, id, iv, sealed }
  }

  /** What a row holds; nothing where its key was dropped, as by a wipe in another window. */
  private async opened({ kind, id, iv, sealed }: SealedRow): Promise<unknown> {
    try {
      return decode(await crypto.subtle.decrypt(cipher(kind, id, iv), this.vault.key(partOf(kind)), sealed))
    } catch (error) {
      if (error instanceof DOMException && error.name === 'OperationError') return undefined
      throw error
    }
  }
}

function cipher(kind: RecordKind, id: string, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(`${kind}/${id}`) }
}

function hasValue(change: Change): boolean {
  return change.value !== undefined
}

/** What a page without keys keeps: for as long as it is open. */
export class MemoryShelf implements Shelf {
  private readonly kinds = new Map<RecordKind, Map<string, unknown>>()

  async get(kind: RecordKind, id: string): Promise<unknown> {
    return this.kinds.get(kind)?.get(id)
  }

  async all(kind: RecordKind): Promise<Map<string, unknown>> {
    return new Map(this.kinds.get(kind))
  }

  async write(changes: readonly Change[]): Promise<void> {
    for (const { kind, id, value } of changes) {
      const records = this.kinds.get(kind) ?? new Map<string, unknown>()
      this.kinds.set(kind, records)
      if (value === undefined) records.delete(id)
      else records.set(id, value)
    }
  }

  close(): void {}
}
