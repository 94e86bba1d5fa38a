import { onMounted, ref, watch } from 'vue'
import { useRouter } from 'vue-router'

import { useAttempt } from '@/base/attempt'
import { useBureau } from '@/stores/bureau'
import { useSession } from '@/stores/session'

/** How a page at a desk opens: the bureau, then what is the page's own. It closes with the session. */
export function useOpening(open: () => Promise<unknown>) {
  const router = useRouter()
  const session = useSession()
  const bureau = useBureau()
  const { refusal, attempt } = useAttempt()
  const opened = ref(false)

  async function load(): Promise<void> {
    const done = await attempt(async () => {
      await bureau.load()
      await open()
      return true
    })
    opened.value ||= done === true
  }

  onMounted(load)
  watch(
    () => session.account,
    (account) => {
      if (!account) void router.replace('/login')
    },
  )
  return { opened, refusal, load }
}
