/**
 * The tone of an alarm, made here. A browser lets a page sound only once somebody has touched it:
 * until then the tone is blocked, and the page says so.
 */
import { readonly, ref } from 'vue'

const EVERY_MS = 3000
/** Two notes (Hz), one after the other: told apart from a telephone in the same room. */
const NOTES = [880, 659] as const
const NOTE_S = 0.22
const VOLUME = 0.2

const blocked = ref(false)
/** Whether a tone is due that the browser doesn't let out. */
export const toneBlocked = readonly(blocked)

let context: AudioContext | null = null
let timer: ReturnType<typeof setInterval> | undefined

function sound(audio: AudioContext): void {
  NOTES.forEach((hertz, at) => {
    const start = audio.currentTime + at * NOTE_S
    const oscillator = new OscillatorNode(audio, { frequency: hertz })
    const gain = new GainNode(audio, { gain: 0 })
    gain.gain.setValueAtTime(VOLUME, start)
    gain.gain.exponentialRampToValueAtTime(0.001, start + NOTE_S)
    oscillator.connect(gain).connect(audio.destination)
    oscillator.start(start)
    oscillator.stop(start + NOTE_S)
  })
}

function ring(): void {
  // A context that was made before a touch would complain and stay mute.
  if (!navigator.userActivation.hasBeenActive) {
    blocked.value = true
    return
  }
  context ??= new AudioContext()
  if (context.state !== 'running') void context.resume()
  blocked.value = context.state !== 'running'
  sound(context)
}

/** Begins to sound, again and again, or stops. */
export function setTone(on: boolean): void {
  if (!on) {
    clearInterval(timer)
    timer = undefined
    blocked.value = false
  } else if (timer === undefined) {
    ring()
    timer = setInterval(ring, EVERY_MS)
  }
}
