/**
 * The key pair by which this device was enrolled, and what it signs.
 *
 * ECDSA over P-256 with SHA-256. The private key is made not to be let out: it can be used by pages
 * of this origin in this browser, and read or copied by nobody. Every account that this device is
 * enrolled for knows it by the same pair.
 */
import Dexie, { type Table } from 'dexie'

const PAIR = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNS = { name: 'ECDSA', hash: 'SHA-256' } as const
const SELF = 'self'

interface PairRow {
  name: typeof SELF
  pair: CryptoKeyPair
}

/** Beside the accounts' databases, so that it outlasts signing out; a device that was revoked wipes
 *  it with them. (No username has a blank.) */
class KeyDatabase extends Dexie {
  declare readonly pairs: Table<PairRow, string>

  constructor() {
    super('gridserver.device key')
    this.version(1).stores({ pairs: 'name' })
  }
}

/** Makes a pair, which counts once it is kept. */
export function makePair(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(PAIR, false, ['sign', 'verify'])
}

/** The half that everybody may know (SPKI), in base64. */
export async function publicKeyOf({ publicKey }: CryptoKeyPair): Promise<string> {
  return inBase64(await crypto.subtle.exportKey('spki', publicKey))
}

export function keepPair(pair: CryptoKeyPair): Promise<unknown> {
  return withDatabase((database) => database.pairs.put({ name: SELF, pair }))
}

/** What this device was enrolled by; null where it wasn't, or its browser has forgotten. */
export async function keptPair(): Promise<CryptoKeyPair | null> {
  return (await withDatabase((database) => database.pairs.get(SELF)))?.pair ?? null
}

/** The signature of some lines, in base64. */
export async function sign({ privateKey }: CryptoKeyPair, ...lines: string[]): Promise<string> {
  const signed = new TextEncoder().encode(lines.join('\n'))
  return inBase64(await crypto.subtle.sign(SIGNS, privateKey, signed))
}

async function withDatabase<Result>(work: (database: KeyDatabase) => PromiseLike<Result>): Promise<Result> {
  const database = new KeyDatabase()
  try {
    return await work(database)
  } finally {
    database.close()
  }
}

function inBase64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}
