import { onScopeDispose, ref, watch, type Ref } from 'vue'

import { useSession } from '@/stores/session'
import { follower, type Follower, type Led, type Said } from './follow'

const STORED_AS = 'gridserver.follow-view'

export interface Following extends Omit<Follower, 'hear' | 'chose'> {
  /** Whether the windows look at the same place too; remembered, and the same in each of them. */
  readonly sharesView: Ref<boolean>
}

/** Has this window follow the others of the account, and lead them. */
export function useFollow(task: () => number | null, led: Led): Following {
  const session = useSession()
  const sharesView = ref(localStorage.getItem(STORED_AS) === '1')
  const channel = new BroadcastChannel(`gridserver.follow.${session.account?.username ?? ''}`)
  const own = follower((said) => channel.postMessage(said), led, () => sharesView.value)

  channel.addEventListener('message', ({ data }: MessageEvent<Said>) => own.hear(data))
  channel.postMessage({ kind: 'hello' } satisfies Said)
  watch(task, (id) => id !== null && own.chose(id), { immediate: true })
  watch(sharesView, (shares) => localStorage.setItem(STORED_AS, shares ? '1' : '0'))

  function onStorage({ key, newValue }: StorageEvent): void {
    if (key === STORED_AS) sharesView.value = newValue === '1'
  }
  window.addEventListener('storage', onStorage)
  onScopeDispose(() => {
    window.removeEventListener('storage', onStorage)
    channel.close()
  })
  return { sharesView, picked: own.picked, moved: own.moved }
}
