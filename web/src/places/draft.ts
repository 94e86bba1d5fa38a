/** A place as it is being written, and what is sent of it. */
import type { Capture } from '@/api/types'
import type { Draft, Entry, Kind } from './door'

export interface Form {
  kind: Kind
  name: string
  aliases: string
  address: string
  lon: number | null
  lat: number | null
}

const APART = /[，,；;、]/

export function emptyForm(): Form {
  return { kind: 'address', name: '', aliases: '', address: '', lon: null, lat: null }
}

export function formOf(entry: Entry): Form {
  const { kind, name, lon, lat } = entry
  return { kind, name, lon, lat, aliases: entry.aliases.join('、'), address: entry.address ?? '' }
}

/** What an officer's capture proposes. */
export function formOfCapture(capture: Capture): Form {
  const isAddress = capture.kind === 'address_correction'
  const name = capture.name ?? ''
  const { lon, lat } = capture
  return { kind: isAddress ? 'address' : 'key_place', name, aliases: '', address: '', lon, lat }
}

/** Null while something is missing. */
export function draftOf({ kind, name, aliases, address, lon, lat }: Form): Draft | null {
  if (!name.trim() || lon === null || lat === null) return null
  const others = aliases.split(APART).map((each) => each.trim())
  return { kind, name: name.trim(), aliases: others.filter(Boolean), address: address.trim() || null, lon, lat }
}
