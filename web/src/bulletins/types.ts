/** The shapes of the page of bulletins, by their names on the wire. */
import type { components } from '@/api/schema'

type Schemas = components['schemas']

export type Head = Schemas['BulletinHead']
export type Detail = Schemas['BulletinDetail']
export type Contents = Schemas['BulletinContents']
export type Terms = Schemas['BulletinTerms']
export type NewBulletin = Schemas['NewBulletin']
export type Draft = Schemas['BulletinDraft']
export type Told = Schemas['BulletinTold']
export type StepDone = Schemas['BulletinStep']
export type Verb = StepDone['verb']
export type Sighting = Schemas['BulletinSighting']
export type SightingHead = Schemas['BulletinSightingHead']
/** How many of a cell's owners were told, have it, read it and haven't. */
export type AtCell = Schemas['BulletinAtCell']
export type CapImport = Schemas['CapImport']
export type CapImported = Schemas['CapImported']
/** What the issuing room says to a sighting. */
export type AnswerSaid = Schemas['BulletinAnswer']

/** The verbs of an answer, the gravest first. */
export const ANSWERS = ['confirm', 'refute', 'promise'] as const

/** What the list of who was told can be narrowed to. */
export const FILTERS = ['without', 'holding', 'not_read', 'removed'] as const
export type Filter = (typeof FILTERS)[number]

/** A draft to be changed: as it stands, what it says, and the tag that the change must name. */
export interface Opened {
  bulletin: Detail
  contents: Contents
  etag: string
}
