/** The shapes of the page of orders, by their names on the wire. */
import type { components, paths } from '@/api/schema'

type Schemas = components['schemas']

export type Order = Schemas['OrderCard']
export type OrderDetail = Schemas['OrderDetail']
export type OrderDraft = Schemas['OrderDraft']
export type Audience = Schemas['Audience']
export type Preview = Schemas['OrderPreview']
export type Recipient = Schemas['OrderRecipient']
export type Progress = Schemas['OrderProgress']
export type Filter = NonNullable<NonNullable<paths['/api/v1/orders/{order_id}/recipients']['get']['parameters']['query']>['filter']>

export const KINDS = ['order', 'notice'] as const
export const URGENCIES = ['routine', 'urgent'] as const
export const ASKS = ['none', 'read', 'choice', 'text'] as const
export const FILTERS: readonly Filter[] = ['not_received', 'not_read', 'not_answered', 'answered', 'late']

export const NOBODY: Required<Audience> = {
  everyone: false,
  units: [],
  cells: [],
  field_units: [],
  officers: [],
  on_duty: false,
}

export function namesNobody(audience: Audience): boolean {
  const { everyone, units = [], cells = [], field_units = [], officers = [] } = audience
  return !everyone && units.length + cells.length + field_units.length + officers.length === 0
}
