import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import type { useAttempt } from '@/base/attempt'
import type { Upload } from './types'
import { upload } from './upload'

export interface Uploading {
  /** What the server found in it; null until then, and where it was refused. */
  readonly file: ShallowRef<Upload | null>
  readonly name: Ref<string | undefined>
  /** How far it has got: from 0 to 1, null when it rests. */
  readonly share: Ref<number | null>
  bring(picked: File): Promise<void>
}

/** A file that is picked and brought to the server; `attempt` takes what refuses it. */
export function useUpload(attempt: ReturnType<typeof useAttempt>['attempt'], to?: string): Uploading {
  const file = shallowRef<Upload | null>(null)
  const name = ref<string>()
  const share = ref<number | null>(null)

  async function bring(picked: File): Promise<void> {
    file.value = null
    name.value = picked.name
    share.value = 0
    file.value = await attempt(() => upload(picked, (done) => (share.value = done), to))
    share.value = null
  }

  return { file, name, share, bring }
}
