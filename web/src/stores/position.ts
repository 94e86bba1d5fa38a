import { defineStore } from 'pinia'
import { ref, shallowRef, watch } from 'vue'

import type { OwnPosition } from '@/api/types'
import { useInbox } from './inbox'

const STORED_AS = 'gridserver.share_position'
const TOLD_EVERY_MS = 15_000

/** Where this terminal is; told to the command room while the officer shares it. */
export const usePosition = defineStore('position', () => {
  const inbox = useInbox()
  const shared = ref(localStorage.getItem(STORED_AS) !== 'no')
  const own = shallowRef<OwnPosition | null>(null)
  let watching: number | null = null
  let toldAt = 0

  function onFix({ coords, timestamp }: GeolocationPosition): void {
    own.value = {
      lon: coords.longitude,
      lat: coords.latitude,
      at: new Date(timestamp).toISOString(),
      accuracy_m: coords.accuracy,
      ...(coords.heading === null ? {} : { heading: coords.heading }),
      ...(coords.speed === null ? {} : { speed_mps: coords.speed }),
    }
    if (Date.now() - toldAt < TOLD_EVERY_MS) return
    toldAt = Date.now()
    inbox.tellPosition(own.value)
  }

  function start(): void {
    if (watching !== null || !shared.value || !('geolocation' in navigator)) return
    const forget = () => (own.value = null)
    watching = navigator.geolocation.watchPosition(onFix, forget, { enableHighAccuracy: true })
  }

  function stop(): void {
    if (watching !== null) navigator.geolocation.clearWatch(watching)
    watching = null
    own.value = null
  }

  watch(shared, (share) => {
    localStorage.setItem(STORED_AS, share ? 'yes' : 'no')
    if (share) start()
    else stop()
  })

  return { shared, own, start, stop }
})
