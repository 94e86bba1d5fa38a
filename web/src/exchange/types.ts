/** The shapes of the exchange with other agencies, by their names on the wire. */
import type { components, paths } from '@/api/schema'

type Schemas = components['schemas']

export type Partner = Schemas['PartnerOverview']
export type NewPartner = Schemas['NewPartner']
export type Terms = Schemas['PartnerTerms']
export type Rules = Schemas['MappingRules']
export type Mapping = Schemas['Mapping']
export type MappedReport = Schemas['MappedReport']
export type PullTerms = Schemas['PullTerms']
export type Reject = Schemas['Reject']
export type RejectedMessage = Schemas['RejectedMessage']
export type Letter = Schemas['Letter']
export type LetterState = NonNullable<
  NonNullable<paths['/api/v1/exchange/letters']['get']['parameters']['query']>['state']
>
