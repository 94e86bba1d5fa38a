/** Times and spans as people on duty read them. */

/** A span as `m:ss` or `h:mm:ss`; the sign is the caller's to tell. */
export function clockSpan(ms: number): string {
  const total = Math.floor(Math.abs(ms) / 1000)
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const seconds = String(total % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}

const NUMERIC = 'numeric'
const SHAPES = {
  hour: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  second: { hour: NUMERIC, minute: NUMERIC, second: NUMERIC, hourCycle: 'h23' },
  day: { year: NUMERIC, month: NUMERIC, day: NUMERIC },
} as const

/** Kept, since making one takes as long as using it many times: a board of 200 tasks makes none. */
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatted(at: string | number, shape: keyof typeof SHAPES, locale: string, timeZone?: string): string {
  const key = `${shape} ${locale} ${timeZone ?? ''}`
  let formatter = formatters.get(key)
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(locale, { ...SHAPES[shape], timeZone })
    formatters.set(key, formatter)
  }
  return formatter.format(new Date(at))
}

/** The hour of a moment, `14:03`, in the bureau's time zone. */
export function hourOf(at: string | number, locale: string, timeZone?: string): string {
  return formatted(at, 'hour', locale, timeZone)
}

/** The same with seconds, as the record has it. */
export function secondOf(at: string | number, locale: string, timeZone?: string): string {
  return formatted(at, 'second', locale, timeZone)
}

/** The calendar day in the bureau's time zone, `2026-11-22`. */
export function dayOf(at: string | number, timeZone?: string): string {
  return formatted(at, 'day', 'sv-SE', timeZone)
}

/** The moment at which clocks in `timeZone` show `wallTime`, as `2026-11-22T08:00`. */
export function instantOf(wallTime: string, timeZone?: string): Date {
  const asUtc = Date.parse(`${wallTime}Z`)
  const shown = new Date(asUtc).toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')
  return new Date(2 * asUtc - Date.parse(`${shown}Z`))
}

/** A moment as a form's field has it, `2026-11-22T08:30`, by the bureau's clocks. */
export function wallTime(at: string | number, timeZone?: string): string {
  return new Date(at).toLocaleString('sv-SE', { timeZone }).replace(' ', 'T').slice(0, 16)
}

/** What a form's field says, as a moment with its offset. */
export function momentOf(wall: string, timeZone?: string): string {
  return instantOf(wall, timeZone).toISOString()
}

/** Metres under a kilometre, kilometres above it. */
export function distance(metres: number): string {
  return metres < 1000 ? `${Math.round(metres)} m` : `${(metres / 1000).toFixed(1)} km`
}
