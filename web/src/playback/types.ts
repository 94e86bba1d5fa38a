/** What a playback is asked for, and what the server answers. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type Asked = Schemas['Asked']
export type Playback = Schemas['Playback']
export type PlayedTask = Schemas['PlayedTask']
export type Recorded = Schemas['Recorded']
export type Track = Schemas['Track']
