import { onBeforeUnmount, onMounted } from 'vue'

/** Does `work` every so often, but not while nobody looks at the page. */
export function usePoll(work: () => void, everyMs: number): void {
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    timer = setInterval(() => {
      if (document.visibilityState === 'visible') work()
    }, everyMs)
  })
  onBeforeUnmount(() => clearInterval(timer))
}
