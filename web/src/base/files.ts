/** Files that the browser saves. */

/** Long after the browser has begun to read, even where it asks first where the file shall go. */
const READ_WITHIN_MS = 60_000

/** Hands a file to the browser, which saves it or asks where. */
export function handOver(name: string, content: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), READ_WITHIN_MS)
}
