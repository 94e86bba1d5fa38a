/** What the map asks of the server, as it answers. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type CellCalls = Schemas['CellCalls']
export type Heat = Schemas['Heat']
export type Square = Schemas['Square']
export type Basemap = Schemas['Basemap']
