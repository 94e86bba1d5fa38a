/** A captured place in EPSG:4326; `accuracy_m` is the device's own estimate, where it stands there. */
export interface CapturedPlace {
  lon: number
  lat: number
  accuracy_m?: number
}

/** The kinds of what is captured, in the order of their use. */
export const KINDS = ['hazard', 'place', 'premises', 'address_correction'] as const
export type CaptureKind = (typeof KINDS)[number]

export interface CaptureDraft {
  kind: CaptureKind | null
  text: string
  name: string
  place: CapturedPlace | null
  photos: readonly string[]
}

/** Past it the server takes no accuracy: the place is as good as unknown. */
const WORST_ACCURACY_M = 100_000

export function isComplete({ kind, text, name, place }: CaptureDraft): boolean {
  const named = kind === 'hazard' || name.trim() !== ''
  return kind !== null && text.trim() !== '' && place !== null && named
}

/** What the command `capture` carries. */
export function captureData({ kind, text, name, place, photos }: CaptureDraft): Record<string, unknown> {
  const { lon, lat, accuracy_m } = place!
  return {
    kind,
    text: text.trim(),
    ...(name.trim() ? { name: name.trim() } : {}),
    lon,
    lat,
    ...(accuracy_m === undefined ? {} : { accuracy_m: Math.min(accuracy_m, WORST_ACCURACY_M) }),
    photos,
  }
}
