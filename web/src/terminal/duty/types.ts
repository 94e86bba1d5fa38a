/** The shapes of an officer's own duty, by their names on the wire. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type OwnDuty = Schemas['OwnDuty']
export type Shift = Schemas['Shift']
export type Swap = Schemas['Swap']
export type SwapVerb = Schemas['SwapCommand']['verb']
export type Colleague = Schemas['RosterOfficer']
