/** The shapes of the bureau's tables, by their names on the wire. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Table = Schemas['Table']
export type Tables = Schemas['Tables']
export type Column = Schemas['Column']
export type TableRow = Schemas['TableRow']
export type RowChange = Schemas['RowChange']
export type DryRun = Schemas['DryRun']
