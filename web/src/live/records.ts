/** What a terminal keeps, by kind, and how a record becomes the bytes that are sealed. */

/**
 * `received` came from the server and is wiped after a day without contact; `own` is the officer's
 * work and stays until it is delivered.
 */
export type Part = 'received' | 'own'

const PART_OF = {
  inbox: 'received',
  tasks: 'received',
  orders: 'received',
  bulletins: 'received',
  duty: 'received',
  account: 'own',
  outbox: 'own',
  captures: 'own',
  photos: 'own',
  positions: 'own',
} as const satisfies Record<string, Part>

export type RecordKind = keyof typeof PART_OF

export function partOf(kind: RecordKind): Part {
  return PART_OF[kind]
}

export function kindsOf(part: Part): RecordKind[] {
  return (Object.keys(PART_OF) as RecordKind[]).filter((kind) => PART_OF[kind] === part)
}

/** A record to put, or without a value to delete. */
export interface Change {
  kind: RecordKind
  id: string
  value?: unknown
}

/** The records of one kind, by their ids. */
export interface Records<Value> {
  get(id: string): Promise<Value | undefined>
  all(): Promise<Map<string, Value>>
  put(id: string, value: Value): Promise<void>
  delete(id: string): Promise<void>
}

const HEAD_BYTES = 4

/**
 * A record as bytes: the length of its JSON, the JSON, and after it what the record has under
 * `bytes` (a photo), which JSON can't carry.
 */
export function encode(value: unknown): Uint8Array<ArrayBuffer> {
  const { bytes, rest } = withoutBytes(value)
  const json = new TextEncoder().encode(JSON.stringify(rest))
  const whole = new Uint8Array(HEAD_BYTES + json.length + bytes.length)
  new DataView(whole.buffer).setUint32(0, json.length)
  whole.set(json, HEAD_BYTES)
  whole.set(bytes, HEAD_BYTES + json.length)
  return whole
}

export function decode(whole: ArrayBuffer): unknown {
  const end = HEAD_BYTES + new DataView(whole).getUint32(0)
  const value: unknown = JSON.parse(new TextDecoder().decode(whole.slice(HEAD_BYTES, end)))
  if (end === whole.byteLength) return value
  return { ...(value as object), bytes: new Uint8Array(whole.slice(end)) }
}

function withoutBytes(value: unknown): { bytes: Uint8Array; rest: unknown } {
  if (!value || typeof value !== 'object') return { bytes: new Uint8Array(), rest: value }
  const { bytes, ...rest } = value as { bytes?: unknown }
  if (!(bytes instanceof Uint8Array)) return { bytes: new Uint8Array(), rest: value }
  return { bytes, rest }
}
