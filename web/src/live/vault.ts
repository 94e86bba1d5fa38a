/**
 * The keys of what a terminal keeps.
 *
 * Two data keys seal the records, one for each part; a master key wraps both (AES-KW, RFC 3394).
 * The master key is kept wrapped twice: under the server's secret for this account and device,
 * which a page that loads online is given, and under the officer's PIN (PBKDF2). Either secret is
 * mixed with a device key that the browser never lets out, so that a copy of the wrapped keys is
 * of no use elsewhere. In memory no key can be read.
 */
import type { DeviceDatabase, KeyRow } from './deviceDatabase'
import type { Part } from './records'

/** OWASP's floor for PBKDF2 with SHA-256 (2023). */
export const PIN_ROUNDS = 600_000

const SALT_BYTES = 16
const MASTER = { name: 'AES-KW', length: 256 } as const
const DATA = { name: 'AES-GCM', length: 256 } as const
const WRAPS: KeyUsage[] = ['wrapKey', 'unwrapKey']
const SEALS: KeyUsage[] = ['encrypt', 'decrypt']

/** What opens the master key: the server's secret (base64) or the officer's PIN. */
export type Secret = { unlock: string } | { pin: string }

/** The secret doesn't open this vault. */
export class WrongSecret extends Error {}

/** Whether this page may use the keys at all: not over plain HTTP from another host. */
export function canSeal(): boolean {
  return globalThis.isSecureContext !== false && !!globalThis.crypto?.subtle
}

export class Vault {
  private opened: { master: CryptoKey; keys: Record<Part, CryptoKey> } | null = null

  constructor(
    private readonly database: DeviceDatabase,
    private readonly rounds = PIN_ROUNDS,
  ) {}

  /** The key that seals a part; the vault must be open. */
  key(part: Part): CryptoKey {
    if (!this.opened) throw new Error('the vault is shut')
    return this.opened.keys[part]
  }

  async isMade(): Promise<boolean> {
    return (await this.database.keyNamed('master.server')) !== undefined
  }

  async hasPin(): Promise<boolean> {
    return (await this.database.keyNamed('master.pin')) !== undefined
  }

  /** Makes the keys of a vault that has none yet, and opens it. */
  async make(unlock: string): Promise<void> {
    const deviceKey = await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    await this.database.keys.put({ name: 'device', key: deviceKey })
    const master = await crypto.subtle.generateKey(MASTER, true, WRAPS)
    await this.wrapMaster(master, { unlock })
    await this.open({ unlock })
  }

  /** @throws WrongSecret where the secret doesn't open the vault. */
  async open(secret: Secret): Promise<void> {
    const master = await this.master(secret, false)
    const received = await this.dataKey('received', master)
    this.opened = { master, keys: { received, own: await this.dataKey('own', master) } }
  }

  /** Lets another secret open the vault too, or a new PIN in place of the old one. */
  async admit(secret: Secret, by: Secret): Promise<void> {
    await this.wrapMaster(await this.master(by, true), secret)
  }

  /** Makes another key for what is received, after the old one was dropped. */
  async renewReceived(): Promise<void> {
    if (this.opened) this.opened.keys.received = await this.dataKey('received', this.opened.master)
  }

  async dropPin(): Promise<void> {
    await this.database.keys.delete('master.pin')
  }

  private async wrapMaster(master: CryptoKey, secret: Secret): Promise<void> {
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
    const rounds = this.rounds
    const around = await this.wrappingKey(secret, salt, rounds)
    const wrapped = await crypto.subtle.wrapKey('raw', master, around, 'AES-KW')
    const row: KeyRow =
      'pin' in secret ? { name: 'master.pin', salt, rounds, wrapped } : { name: 'master.server', salt, wrapped }
    await this.database.keys.put(row)
  }

  private async master(secret: Secret, extractable: boolean): Promise<CryptoKey> {
    const row = await this.database.keyNamed('pin' in secret ? 'master.pin' : 'master.server')
    if (!row) throw new WrongSecret('nothing is kept under such a secret')
    const around = await this.wrappingKey(secret, row.salt, 'rounds' in row ? row.rounds : 0)
    return unwrap(row.wrapped, around, MASTER, extractable, WRAPS)
  }

  private async dataKey(part: Part, master: CryptoKey): Promise<CryptoKey> {
    const row = await this.database.keyNamed(part)
    if (row) return unwrap(row.wrapped, master, DATA, false, SEALS)
    const key = await crypto.subtle.generateKey(DATA, true, SEALS)
    const wrapped = await crypto.subtle.wrapKey('raw', key, master, 'AES-KW')
    await this.database.keys.put({ name: part, wrapped })
    return unwrap(wrapped, master, DATA, false, SEALS)
  }

  /** The key around the master key: HKDF (RFC 5869) of the secret as the device key signs it. */
  private async wrappingKey(
    secret: Secret,
    salt: Uint8Array<ArrayBuffer>,
    rounds: number,
  ): Promise<CryptoKey> {
    const device = await this.database.keyNamed('device')
    if (!device) throw new WrongSecret('the device key is gone')
    const bytes = 'pin' in secret ? await stretched(secret.pin, salt, rounds) : fromBase64(secret.unlock)
    const mixed = await crypto.subtle.sign('HMAC', device.key, bytes)
    const base = await crypto.subtle.importKey('raw', mixed, 'HKDF', false, ['deriveKey'])
    const info = new TextEncoder().encode('gridserver terminal master key')
    return crypto.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt, info }, base, MASTER, false, WRAPS)
  }
}

async function unwrap(
  wrapped: ArrayBuffer,
  around: CryptoKey,
  algorithm: AesKeyAlgorithm | { name: string; length: number },
  extractable: boolean,
  usages: KeyUsage[],
): Promise<CryptoKey> {
  try {
    return await crypto.subtle.unwrapKey('raw', wrapped, around, 'AES-KW', algorithm, extractable, usages)
  } catch (error) {
    // AES-KW checks its own integrity: a wrong key can't pass for the right one.
    if (error instanceof DOMException && error.name === 'OperationError') throw new WrongSecret(error.message)
    throw error
  }
}

async function stretched(
  pin: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<ArrayBuffer> {
  const base = await crypto.subtle.importKey('raw', new TextEncoder().encode(pin), 'PBKDF2', false, ['deriveBits'])
  return crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, base, 256)
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
