/** What the wall shows of the shapes on the wire. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Alarm = Schemas['Alarm']
export type Duty = Schemas['Duty']
