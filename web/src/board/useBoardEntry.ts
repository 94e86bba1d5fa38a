import { onBeforeUnmount, onMounted } from 'vue'

import { isAlone } from '@/intake/keys'

/** From anywhere on the page where no key is meant otherwise, the board is entered by its own keys. */
export function useBoardEntry(enter: () => void): void {
  function onKey(event: KeyboardEvent): void {
    if (event.target !== document.body || !isAlone(event) || event.defaultPrevented) return
    if (event.key !== 'j' && event.key !== 'k') return
    event.preventDefault()
    enter()
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onBeforeUnmount(() => window.removeEventListener('keydown', onKey))
}
