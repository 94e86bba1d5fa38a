/**
 * The calls that are being taken, kept in this browser tab alone, so that a reload loses none.
 *
 * Where the page may use keys and the server gave this device its secret, what is kept is sealed by
 * it (AES-GCM; the key by HKDF, RFC 5869): after a lost session only the same account on the same
 * device can open it.
 */
import { canSeal } from '@/live/vault'
import type { Call } from './call'

const STORED_AS = 'gridserver.calls'
const IV_BYTES = 12

/** The calls, and which of them is open. */
export interface Kept {
  readonly calls: Call[]
  readonly open: string | null
}

interface Plain {
  username: string
  kept: Kept
}
interface Sealed {
  username: string
  iv: string
  sealed: string
}

/** Nothing of any call stays in this tab. */
function forgetCalls(storage: Storage): void {
  storage.removeItem(STORED_AS)
}

export class CallShelf {
  private readonly key: Promise<CryptoKey> | null
  private wanted: Kept | null = null
  private writing: Promise<void> | null = null

  constructor(
    private readonly username: string,
    unlock: string | null,
    private readonly storage: Storage = sessionStorage,
  ) {
    this.key = unlock !== null && canSeal() ? sealingKey(unlock) : null
  }

  /** What was kept for this account; anything else is forgotten. */
  async load(): Promise<Kept | null> {
    const text = this.storage.getItem(STORED_AS)
    if (text === null) return null
    const found = JSON.parse(text) as Plain | Sealed
    const kept = found.username === this.username ? await this.opened(found) : null
    if (!kept) forgetCalls(this.storage)
    return kept
  }

  /** Keeps the latest; what came meanwhile is written once. */
  save(kept: Kept): Promise<void> {
    this.wanted = kept
    this.writing ??= this.write().finally(() => (this.writing = null))
    return this.writing
  }

  private async write(): Promise<void> {
    while (this.wanted) {
      const kept = this.wanted
      this.wanted = null
      const row = await this.row(kept)
      if (kept.calls.length) this.storage.setItem(STORED_AS, JSON.stringify(row))
      else forgetCalls(this.storage)
    }
  }

  private async row(kept: Kept): Promise<Plain | Sealed> {
    const { username } = this
    if (!this.key) return { username, kept }
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
    const bytes = new TextEncoder().encode(JSON.stringify(kept))
    const sealed = await crypto.subtle.encrypt(this.cipher(iv), await this.key, bytes)
    return { username, iv: toBase64(iv), sealed: toBase64(new Uint8Array(sealed)) }
  }

  private async opened(row: Plain | Sealed): Promise<Kept | null> {
    if ('kept' in row) return row.kept
    if (!this.key) return null
    try {
      const bytes = fromBase64(row.sealed)
      const plain = await crypto.subtle.decrypt(this.cipher(fromBase64(row.iv)), await this.key, bytes)
      return JSON.parse(new TextDecoder().decode(plain)) as Kept
    } catch (error) {
      // Sealed in another life of the device.
      if (error instanceof DOMException && error.name === 'OperationError') return null
      throw error
    }
  }

  private cipher(iv: Uint8Array<ArrayBuffer>): AesGcmParams {
    return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(`calls/${this.username}`) }
  }
}

async function sealingKey(unlock: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey('raw', fromBase64(unlock), 'HKDF', false, ['deriveKey'])
  const info = new TextEncoder().encode('gridserver calls being taken')
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }
  return crypto.subtle.deriveKey(how, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
