/** What an officer writes of somebody they saw, as the command `sight` carries it; pure. */
import type { CapturedPlace } from '../capture/place'

export interface SightingDraft {
  text: string
  /** Where, in words. */
  words: string
  /** The point: where the officer stands, or where they tapped. */
  at: CapturedPlace | null
  /** By the bureau's clocks, as the field has it. */
  seenAt: string
  urgent: boolean
}

/** It says what was seen, when, and where: in words or as a point. */
export function isComplete({ text, words, at, seenAt }: SightingDraft): boolean {
  return text.trim() !== '' && seenAt !== '' && (words.trim() !== '' || at !== null)
}

/** An urgent bulletin's is urgent by itself, so that only a yes is said. */
export function sightingData({ text, words, at, urgent }: SightingDraft): Record<string, unknown> {
  return {
    text: text.trim(),
    ...(words.trim() ? { place: words.trim() } : {}),
    ...(at ? { lon: at.lon, lat: at.lat } : {}),
    ...(urgent ? { urgent } : {}),
  }
}
