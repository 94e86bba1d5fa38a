import { defineStore } from 'pinia'
import { computed, ref, watchEffect } from 'vue'

/** `sun` is for reading in glaring light, out of doors. */
export const CHOICES = ['auto', 'light', 'dark', 'sun'] as const
export const DESK_CHOICES = ['auto', 'light', 'dark'] as const
export type Choice = (typeof CHOICES)[number]
const STORED_AS = 'gridserver.appearance'

/** Light or dark: the device's own wish unless the person has chosen. */
export const useAppearance = defineStore('appearance', () => {
  const device = window.matchMedia('(prefers-color-scheme: dark)')
  const deviceDark = ref(device.matches)
  device.addEventListener('change', (event) => (deviceDark.value = event.matches))

  const stored = localStorage.getItem(STORED_AS)
  const choice = ref<Choice>(CHOICES.find((each) => each === stored) ?? 'auto')
  const dark = computed(() => (choice.value === 'auto' ? deviceDark.value : choice.value === 'dark'))

  watchEffect(() => {
    const { classList } = document.documentElement
    classList.toggle('dark', dark.value)
    classList.toggle('sun', choice.value === 'sun')
  })

  function choose(next: Choice): void {
    choice.value = next
    localStorage.setItem(STORED_AS, next)
  }

  return { choice, dark, choose }
})
