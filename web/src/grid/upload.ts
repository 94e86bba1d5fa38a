/** Brings a file to the server. `fetch` tells nothing of how far a body has got; this does. */
import { headersFor, KEY, once, Refusal, refusalOf } from '@/api/client'
import type { Upload } from './types'

/** @throws Refusal as `ask` does. */
export function upload(
  file: File,
  onProgress: (share: number) => void,
  to = '/api/v1/grid/uploads',
): Promise<Upload> {
  return once((key) => send(file, key, onProgress, to))
}

function send(file: File, key: string, onProgress: (share: number) => void, to: string): Promise<Upload> {
  const form = new FormData()
  form.append('file', file)
  const request = new XMLHttpRequest()
  request.open('POST', to)
  request.responseType = 'json'
  for (const [name, value] of Object.entries({ ...headersFor('POST'), [KEY]: key })) {
    request.setRequestHeader(name, value)
  }
  request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total))
  return new Promise((resolve, reject) => {
    request.addEventListener('load', () => {
      if (request.status === 201) resolve(request.response as Upload)
      else reject(refusalOf(request.response, request.status))
    })
    request.addEventListener('error', () => reject(new Refusal('network.unreachable', '', 0)))
    request.send(form)
  })
}
