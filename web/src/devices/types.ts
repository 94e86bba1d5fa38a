import type { components } from '@/api/schema'

export type Device = components['schemas']['Device']
export type Code = components['schemas']['DeviceCode']
export type DeviceState = Device['state']

export const STATES: readonly DeviceState[] = ['online', 'offline', 'revoked']

/** Which devices are asked for; what is empty narrows nothing. */
export interface Wanted {
  unit: string
  state: DeviceState | ''
  words: string
}
