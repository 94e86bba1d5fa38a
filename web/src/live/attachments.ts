/**
 * Sending photos piece by piece.
 *
 * The server says how many bytes it has, and each piece goes on from there, whatever broke off
 * before. A photo is known by the hash of its content, so sending it again is harmless.
 */
import { api, ask, headersFor, Refusal, refusalOf } from '@/api/client'
import type { UploadProgress } from '@/api/types'
import type { Entry, Outbox } from './outbox'

/** A photo as the device keeps it until the server has it. */
export interface KeptPhoto {
  sha256: string
  media_type: string
  taken_at: string
  lon?: number
  lat?: number
  bytes: Uint8Array<ArrayBuffer>
}

/** How far a photo is; `received` of `size` bytes have arrived. */
export interface PhotoEntry {
  sha256: string
  size: number
  received: number
  status: 'queued' | 'sending' | 'done' | 'refused'
  code?: string
}

export interface AttachmentDoor {
  announce(photo: KeptPhoto): Promise<UploadProgress>
  send(sha256: string, offset: number, piece: Uint8Array<ArrayBuffer>): Promise<UploadProgress>
}

/** A piece that a weak signal carries; the server takes larger ones, too. */
const PIECE_BYTES = 64 << 10
const PIECE_TIMEOUT_MS = 120_000
const WRONG_OFFSET = 'attachment.wrong_offset'
/** Bytes were lost on the server's disk, as by a power failure: it is worth sending them again. */
const TORN = 'attachment.wrong_hash'
const MOST_ATTEMPTS = 2
const MOST_CHECKS = 3

/**
 * Sends what is missing of a photo, and returns how it ended: complete or refused.
 *
 * @throws Refusal of the way to the server, or of the upload as a whole.
 */
export async function upload(
  photo: KeptPhoto,
  door: AttachmentDoor,
  tell: (received: number) => void,
): Promise<UploadProgress> {
  let progress = await door.announce(photo)
  let attempts = 1
  let checks = 0
  while (progress.state !== 'complete') {
    tell(progress.received)
    if (progress.state === 'refused') {
      if (progress.refusal !== TORN || attempts++ >= MOST_ATTEMPTS) return progress
      progress = await door.announce(photo)
    } else {
      // All is there, and the check of it broke off: an empty piece asks for it again.
      if (progress.received === progress.size && checks++ >= MOST_CHECKS) throw busy()
      progress = await sendNext(photo, door, progress)
    }
  }
  return progress
}

function busy(): Refusal {
  return new Refusal('process.busy', '', 503)
}

async function sendNext(
  photo: KeptPhoto,
  door: AttachmentDoor,
  progress: UploadProgress,
): Promise<UploadProgress> {
  const length = Math.min(PIECE_BYTES, progress.piece_bytes)
  const piece = photo.bytes.slice(progress.received, progress.received + length)
  try {
    return await door.send(photo.sha256, progress.received, piece)
  } catch (error) {
    // The answer to a piece was lost: it says itself where to go on.
    if (!(error instanceof Refusal) || error.code !== WRONG_OFFSET) throw error
    return { ...progress, received: Number(error.body['offset']) }
  }
}

/** Whether a photo that was refused for this may yet be taken, another time. */
export function isPassing({ status, code }: Refusal): boolean {
  return status === 0 || status === 401 || status === 429 || status >= 500 || code === 'attachment.too_many'
}

export const attachmentDoor: AttachmentDoor = {
  announce({ sha256, bytes, media_type, taken_at, lon, lat }) {
    const body = { sha256, size: bytes.length, media_type, taken_at, lon, lat }
    return ask(api.POST('/api/v1/attachments', { body }))
  },

  async send(sha256, offset, piece) {
    const method = 'PATCH'
    let response: Response
    try {
      response = await fetch(`/api/v1/attachments/${sha256}`, {
        method,
        headers: {
          ...headersFor(method),
          'Content-Type': 'application/octet-stream',
          'Upload-Offset': String(offset),
        },
        body: piece,
        signal: AbortSignal.timeout(PIECE_TIMEOUT_MS),
      })
    } catch (error) {
      throw new Refusal('network.unreachable', error instanceof Error ? error.message : '', 0)
    }
    const document: unknown = await response.json().catch(() => null)
    if (!response.ok) throw refusalOf(document, response.status)
    return document as UploadProgress
  },
}

/** Whether a command names a photo: a report its attachments, a capture its photos. */
export function isNamed(outbox: Outbox, sha256: string): boolean {
  const named = ({ data }: Entry) => [data['attachments'], data['photos']].flat()
  return outbox.some((entry) => named(entry).includes(sha256))
}

/** Where a photo is shown from, through what it belongs to. */
export function addressOf(sha256: string, subject: { task: number } | { capture: number } | { bulletin: number }): string {
  const [[name, id] = ['', 0]] = Object.entries(subject)
  return `/api/v1/attachments/${sha256}?${name}=${id}`
}

/** The share of a photo that has arrived, in whole per cent. */
export function percent({ received, size }: { received: number; size: number | null }): number {
  return size ? Math.floor((received / size) * 100) : 0
}
