/** A call as it is being taken: what has been said so far, and what becomes of it. */
import type { NewIncident, Preview } from '@/api/types'
import { newId } from '@/base/ids'
import { momentOf } from '@/base/format'
import { readPair } from './coordinates'

type RelatedIncident = Preview['related'][number]['incident']

/** Where incidents come from that are taken at this desk. */
const SOURCE = 'command-room'

/** A place as it was given; `x`, `y` are in `crs`. What it was found by is for the reader. */
export interface GivenPlace {
  readonly x: number
  readonly y: number
  readonly crs: string
  readonly by: 'map' | 'name' | 'cell' | 'coordinates'
  readonly label: string
}

/** The incident that a call is about too, and whether it answers for this one, so that nobody is sent. */
export interface Same {
  readonly task: number
  readonly number: number
  readonly absorbs: boolean
}

export interface Call {
  /** The report's own id too: sending it again after a lost answer is harmless. */
  readonly id: string
  /** Milliseconds by the server's clock. */
  readonly begunAt: number
  place: GivenPlace | null
  /** What stands in the place field. */
  words: string
  /** What typed coordinates are in; empty until it was said. */
  crs: string
  accuracy: number | null
  category: string | null
  /** Null for the category's own. */
  priority: number | null
  address: string
  description: string
  /** When a note on paper was taken, as clocks of the bureau show it; empty for now. */
  reportedAt: string
  same: Same | null
}

export function newCall(begunAt: number, crs = ''): Call {
  return {
    id: newId(),
    begunAt,
    place: null,
    words: '',
    crs,
    accuracy: null,
    category: null,
    priority: null,
    address: '',
    description: '',
    reportedAt: '',
    same: null,
  }
}

/** Whether nothing was said yet that would be missed. */
export function isBlank(call: Call): boolean {
  const { place, category, priority, accuracy, reportedAt } = call
  const text = [call.words, call.address, call.description].join('').trim()
  return !text && !place && !reportedAt && [category, priority, accuracy].every((each) => each === null)
}

/** The field that a call can't be sent without, in the order of the form. */
export function missing(call: Call): 'place' | 'category' | null {
  if (!call.place) return 'place'
  return call.category === null ? 'category' : null
}

/** What the call is about, where one line must do. */
export function titleOf(call: Call): string {
  return call.address.trim() || call.place?.label || call.words.trim() || call.description.trim()
}

/**
 * Puts the call at a place. Its name is the address, unless somebody wrote another; on the map it is
 * what the caller was heard to say.
 */
export function putAt(call: Call, place: GivenPlace): void {
  const untouched = !call.address.trim() || call.address === addressOf(call.place)
  const heard = place.by === 'map' && !readPair(call.words) ? call.words.trim() : ''
  if (untouched) call.address = addressOf(place) || heard
  call.place = place
  call.words = place.label
}

function addressOf(place: GivenPlace | null): string {
  return place?.by === 'name' || place?.by === 'cell' ? place.label : ''
}

type Question = Pick<NewIncident, 'lon' | 'lat' | 'crs' | 'accuracy_m' | 'priority' | 'reported_at'> & {
  category?: string
}

/** What the preview is asked; null without a place. */
export function questionOf(call: Call, timeZone?: string): Question | null {
  if (!call.place) return null
  const { x, y, crs } = call.place
  return {
    lon: x,
    lat: y,
    crs,
    ...(call.accuracy ? { accuracy_m: call.accuracy } : {}),
    ...(call.category === null ? {} : { category: call.category }),
    ...(call.priority === null ? {} : { priority: call.priority }),
    ...(call.reportedAt ? { reported_at: momentOf(call.reportedAt, timeZone) } : {}),
  }
}

/** The report; only of a call that misses nothing. */
export function reportOf(call: Call, timeZone?: string): NewIncident {
  const [address, description] = [call.address.trim(), call.description.trim()]
  return {
    ...questionOf(call, timeZone)!,
    category: call.category!,
    source: SOURCE,
    external_id: call.id,
    ...(address ? { address } : {}),
    ...(description ? { description } : {}),
    ...(call.same ? { duplicate_of: call.same.task } : {}),
  }
}

/** Says that the call is about the same event as an incident, or as none. */
export function sameAs(incident: RelatedIncident | null): Same | null {
  if (!incident) return null
  const { number, task } = incident
  return { task: task.id, number, absorbs: task.state !== 'cancelled' }
}

/** The next of what may be the same event, then none, then the first again. */
export function nextSame(call: Call, related: Preview['related']): RelatedIncident | null {
  const at = related.findIndex(({ incident }) => incident.task.id === call.same?.task)
  return related[at + 1]?.incident ?? null
}
