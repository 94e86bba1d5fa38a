/** Files that the server makes: asked for in the page's language, and handed to the browser. */
import { headersFor, refusalOf, Refusal } from '@/api/client'
import { handOver } from '@/base/files'

/** The name in `Content-Disposition`, else `otherwise`. */
export function nameIn(disposition: string | null, otherwise: string): string {
  return /filename="([^"]+)"/.exec(disposition ?? '')?.[1] ?? otherwise
}

/**
 * Saves a file of the server.
 *
 * @throws Refusal with the server's code; `network.unreachable` where no answer came.
 */
export async function save(path: string, query: Readonly<Record<string, string>> = {}): Promise<void> {
  const address = `${path}?${new URLSearchParams(query).toString()}`
  let answer: Response
  try {
    answer = await fetch(address, { headers: headersFor('GET') })
  } catch (cause) {
    throw new Refusal('network.unreachable', cause instanceof Error ? cause.message : '', 0)
  }
  if (!answer.ok) throw refusalOf(await answer.json(), answer.status)
  handOver(nameIn(answer.headers.get('Content-Disposition'), 'file'), await answer.blob())
}
