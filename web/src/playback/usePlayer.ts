import { onScopeDispose, ref, type Ref } from 'vue'

/** Seconds of the period that pass in a second. */
export const SPEEDS = [10, 60, 300, 900, 3600] as const
export type Speed = (typeof SPEEDS)[number]
/** As often as the map draws what moved. */
const TICK_MS = 250

export interface Player {
  /** Milliseconds since the epoch. */
  readonly moment: Ref<number>
  readonly playing: Ref<boolean>
  readonly speed: Ref<Speed>
  toggle(): void
  /** Goes to the beginning of another period. */
  load(start: number, end: number): void
}

/** Runs through a period at a speed, and stops at its end. */
export function usePlayer(): Player {
  const moment = ref(0)
  const playing = ref(false)
  const speed = ref<Speed>(300)
  let [start, end] = [0, 0]
  let timer: ReturnType<typeof setInterval> | undefined

  function pause(): void {
    clearInterval(timer)
    playing.value = false
  }
  function tick(): void {
    moment.value = Math.min(end, moment.value + TICK_MS * speed.value)
    if (moment.value >= end) pause()
  }
  function toggle(): void {
    if (playing.value) return pause()
    if (moment.value >= end) moment.value = start
    playing.value = true
    timer = setInterval(tick, TICK_MS)
  }
  function load(from: number, to: number): void {
    pause()
    ;[start, end] = [from, to]
    moment.value = from
  }
  onScopeDispose(pause)
  return { moment, playing, speed, toggle, load }
}
