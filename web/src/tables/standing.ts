/** Where a row stands in time. Pure. */
import type { TableRow } from './types'

/** Whether a row is still to come. */
export function isPlanned(row: TableRow, now: number): boolean {
  return row.withdrawn_at === null && row.valid_from !== null && Date.parse(row.valid_from) > now
}
