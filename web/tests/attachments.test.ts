import { describe, expect, it, vi } from 'vitest'

import { Refusal } from '@/api/client'
import type { UploadProgress } from '@/api/types'
import { addressOf, isNamed, isPassing, percent, upload, type AttachmentDoor, type KeptPhoto } from '@/live/attachments'
import { fitted, sha256 } from '@/live/photo'
import { enqueue } from '@/live/outbox'

vi.hoisted(() => vi.stubGlobal('window', { location: { origin: 'http://localhost' } }))

const SIZE = 150_000
const photo: KeptPhoto = {
  sha256: 'ab'.repeat(32),
  media_type: 'image/jpeg',
  taken_at: '2026-11-22T13:00:00+08:00',
  bytes: new Uint8Array(SIZE).map((_, index) => index % 251),
}

/** A server that keeps what arrives, and loses or refuses what the test says. */
class Server implements AttachmentDoor {
  received: number[] = []
  state: UploadProgress['state'] = 'uploading'
  refusal: string | null = null
  announced = 0
  sent = 0
  loseAnswerOf = new Set<number>()
  breakAt = new Set<number>()
  verdicts: (string | null)[] = [null]

  private progress(): UploadProgress {
    const { state, refusal } = this
    return { sha256: photo.sha256, state, received: this.received.length, size: SIZE, piece_bytes: 256 << 10, refusal }
  }

  async announce(): Promise<UploadProgress> {
    this.announced++
    if (this.state === 'refused') {
      this.received = []
      this.state = 'uploading'
      this.refusal = null
    }
    return this.progress()
  }

  async send(_: string, offset: number, piece: Uint8Array): Promise<UploadProgress> {
    const number = ++this.sent
    if (this.breakAt.has(number)) throw new Refusal('network.unreachable', '', 0)
    if (offset !== this.received.length) {
      throw new Refusal('attachment.wrong_offset', '', 409, { offset: this.received.length })
    }
    this.received.push(...piece)
    if (this.received.length === SIZE) {
      this.refusal = this.verdicts.shift() ?? null
      this.state = this.refusal ? 'refused' : 'complete'
    }
    if (this.loseAnswerOf.has(number)) throw new Refusal('attachment.wrong_offset', '', 409, { offset: this.received.length })
    return this.progress()
  }
}

function told() {
  const values: number[] = []
  return { values, tell: (received: number) => void values.push(received) }
}

describe('an upload', () => {
  it('sends what is missing, piece by piece', async () => {
    const server = new Server()
    const { values, tell } = told()
    expect((await upload(photo, server, tell)).state).toBe('complete')
    expect(server.received).toEqual([...photo.bytes])
    expect(values).toEqual([0, 65_536, 131_072])
  })

  it('goes on where the server is, after a break', async () => {
    const server = new Server()
    server.breakAt.add(2)
    await expect(upload(photo, server, () => {})).rejects.toMatchObject({ code: 'network.unreachable' })
    expect((await upload(photo, server, () => {})).state).toBe('complete')
    expect(server.received).toEqual([...photo.bytes])
    expect(server.sent).toBe(4)
  })

  it('is told where to go on when an answer was lost', async () => {
    const server = new Server()
    server.loseAnswerOf.add(1)
    expect((await upload(photo, server, () => {})).state).toBe('complete')
    expect(server.received).toEqual([...photo.bytes])
  })

  it('sends once more what the disk has lost, and not for ever', async () => {
    const server = new Server()
    server.verdicts = ['attachment.wrong_hash', null]
    expect((await upload(photo, server, () => {})).state).toBe('complete')
    const broken = new Server()
    broken.verdicts = ['attachment.wrong_hash', 'attachment.wrong_hash', null]
    expect(await upload(photo, broken, () => {})).toMatchObject({ state: 'refused' })
    expect(broken.announced).toBe(2)
  })

  it('takes a refusal of the content for what it is', async () => {
    const server = new Server()
    server.verdicts = ['attachment.wrong_type']
    expect(await upload(photo, server, () => {})).toMatchObject({ refusal: 'attachment.wrong_type' })
    expect(server.announced).toBe(1)
  })

  it('asks for a check that broke off, and gives way when it never comes', async () => {
    const server = new Server()
    server.received = [...photo.bytes]
    expect((await upload(photo, server, () => {})).state).toBe('complete')
    const stuck = new Server()
    stuck.received = [...photo.bytes]
    stuck.send = async () => stuck.announce()
    await expect(upload(photo, stuck, () => {})).rejects.toMatchObject({ code: 'process.busy' })
  })

  it.each([
    [new Refusal('network.unreachable', '', 0), true],
    [new Refusal('process.busy', '', 503), true],
    [new Refusal('access.unauthenticated', '', 401), true],
    [new Refusal('attachment.too_many', '', 409), true],
    [new Refusal('attachment.size', '', 422), false],
    [new Refusal('access.forbidden', '', 403), false],
  ])('knows what passes: %s', (refusal, passing) => {
    expect(isPassing(refusal)).toBe(passing)
  })
})

describe('a photo', () => {
  it('is known by its hash', async () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    expect(await sha256(new Uint8Array())).toBe(empty)
  })

  it.each([
    [4000, 3000, 1600, 1200],
    [3000, 4000, 1200, 1600],
    [800, 600, 800, 600],
    [9000, 2, 1600, 1],
  ])('of %i × %i is sent as %i × %i', (width, height, fitWidth, fitHeight) => {
    expect(fitted(width, height)).toEqual({ width: fitWidth, height: fitHeight })
  })

  it('is shown through what it belongs to', () => {
    expect(addressOf('ab', { task: 7 })).toBe('/api/v1/attachments/ab?task=7')
    expect(addressOf('ab', { capture: 8 })).toBe('/api/v1/attachments/ab?capture=8')
    expect(percent({ received: 40, size: 100 })).toBe(40)
    expect(percent({ received: 0, size: null })).toBe(0)
  })

  it('is named by a report or a capture', () => {
    const at = { occurred_at: '2026-11-22T13:00:00+08:00' }
    const report = enqueue([], { id: '1', verb: 'report', task: 1, ...at, data: { attachments: ['ab'] } })
    const both = enqueue(report, { id: '2', verb: 'capture', ...at, data: { photos: ['cd'] } })
    expect(['ab', 'cd', 'ef'].map((hash) => isNamed(both, hash))).toEqual([true, true, false])
  })
})
