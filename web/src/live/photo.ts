/** A photo as it is kept and sent: small enough for a valley's signal, and without what cameras note. */
import { Refusal } from '@/api/client'

export const MEDIA_TYPE = 'image/jpeg'
const LONGEST_SIDE = 1600
const QUALITY = 0.82

/** The size of a picture whose longest side is at most `longest`. */
export function fitted(
  width: number,
  height: number,
  longest = LONGEST_SIDE,
): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height))
  const side = (length: number) => Math.max(1, Math.round(length * scale))
  return { width: side(width), height: side(height) }
}

/**
 * The picture in `file`, upright, shrunk and drawn anew as JPEG: what the camera wrote beside it
 * (EXIF) stays behind.
 *
 * @throws Refusal with `photo.unreadable` where the browser can't read it.
 */
export async function shrink(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const image = await opened(file)
  const canvas = document.createElement('canvas')
  Object.assign(canvas, fitted(image.width, image.height))
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
  image.close()
  const drawn = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, MEDIA_TYPE, QUALITY))
  if (!drawn) throw new Refusal('photo.unreadable', '', 0)
  return new Uint8Array(await drawn.arrayBuffer())
}

async function opened(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
    throw new Refusal('photo.unreadable', error.message, 0)
  }
}

/** The SHA-256 of `bytes` in lower-case hexadecimal, by which an attachment is known. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
