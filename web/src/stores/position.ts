import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import type { OwnPosition } from '@/api/types'
import { serverNow, toServer } from '@/base/clock'
import { batch, isMoving, pace, withNote, without } from '@/live/positions'
import { standing } from '@/terminal/duty/own'
import { useInbox } from './inbox'
import { useOwnDuty } from './ownDuty'

const STORED_AS = 'gridserver.share_position'
const WAITING = 'waiting'

/** What Chromium tells of the battery; other browsers tell nothing. */
interface Battery {
  level: number
  charging: boolean
}

/** Where this terminal is; told to the command room on duty or on a task, while the officer shares
 * it. What couldn't be told waits, sealed, until there is a line. */
export const usePosition = defineStore('position', () => {
  const inbox = useInbox()
  const ownDuty = useOwnDuty()
  const shared = ref(localStorage.getItem(STORED_AS) !== 'no')
  const own = shallowRef<OwnPosition | null>(null)
  const onTask = computed(() => inbox.lists.underWay.length > 0)
  let battery: Battery | null = null
  let waiting: OwnPosition[] = []
  let noted: OwnPosition | null = null
  let toldAt = 0
  let isTelling = false
  let watching: number | null = null

  /** Where the roster isn't known, the server decides what it may keep. */
  function isOnDuty(): boolean {
    if (onTask.value || ownDuty.duty === null) return true
    return standing(ownDuty.duty, serverNow()).is === 'on'
  }

  function records() {
    return inbox.storage?.records<OwnPosition[]>('positions')
  }

  function onFix({ coords, timestamp }: GeolocationPosition): void {
    own.value = {
      lon: coords.longitude,
      lat: coords.latitude,
      at: new Date(toServer(timestamp)).toISOString(),
      accuracy_m: coords.accuracy,
      ...(coords.heading === null || Number.isNaN(coords.heading) ? {} : { heading: coords.heading }),
      ...(coords.speed === null ? {} : { speed_mps: coords.speed }),
      ...(battery === null ? {} : { battery: battery.level }),
    }
    if (isOnDuty()) note(own.value)
  }

  function note(fix: OwnPosition): void {
    const { noteMs, tellMs } = pace(isMoving(noted, fix), {
      onTask: onTask.value,
      charge: battery?.level ?? null,
      charging: battery?.charging ?? false,
    })
    if (noted !== null && Date.parse(fix.at) - Date.parse(noted.at) < noteMs) return
    noted = fix
    waiting = withNote(waiting, fix)
    if (serverNow() - toldAt >= tellMs) void tell()
    else void keep()
  }

  async function keep(): Promise<void> {
    if (waiting.length === 0) await records()?.delete(WAITING)
    else await records()?.put(WAITING, waiting)
  }

  /** Tells what waits, a batch after the other. A batch that is refused would be refused again. */
  async function tell(): Promise<void> {
    if (isTelling) return
    isTelling = true
    try {
      while (waiting.length > 0 && inbox.linkState === 'live') {
        const told = batch(waiting)
        await inbox.link?.request('position', told)
        toldAt = serverNow()
        waiting = without(waiting, told)
      }
    } catch {
      // No answer came: it waits for the next time.
    } finally {
      isTelling = false
      await keep()
    }
  }

  async function start(): Promise<void> {
    waiting = [...((await records()?.get(WAITING)) ?? []), ...waiting]
    battery ??= (await (navigator as { getBattery?(): Promise<Battery> }).getBattery?.()) ?? null
    await ownDuty.open()
    look()
  }

  function look(): void {
    if (watching !== null || !shared.value || !('geolocation' in navigator)) return
    const forget = () => (own.value = null)
    watching = navigator.geolocation.watchPosition(onFix, forget, { enableHighAccuracy: true })
  }

  function stop(): void {
    if (watching !== null) navigator.geolocation.clearWatch(watching)
    watching = null
    own.value = null
    noted = null
    waiting = []
  }

  watch(shared, async (share) => {
    localStorage.setItem(STORED_AS, share ? 'yes' : 'no')
    if (share) return look()
    stop()
    await keep()
  })
  // An officer who just took a task is shown at once, and what waited goes out with the line.
  watch([onTask, () => inbox.linkState], ([busy, state]) => {
    if (busy && own.value) noted = null
    if (state === 'live') void tell()
  })

  return { shared, own, start, stop }
})
