/** The orders by which the bureau or a station is mobilised. */
import { api, ask } from '@/api/client'
import type { components } from '@/api/schema'

export type Order = components['schemas']['Order']
export type NewOrder = components['schemas']['NewOrder']

/** Those that hold or are planned. */
export async function orders(): Promise<Order[]> {
  return (await ask(api.GET('/api/v1/dispatch/mobilisations'))).items
}

export function mobilise(body: NewOrder): Promise<Order> {
  return ask(api.POST('/api/v1/dispatch/mobilisations', { body }))
}

export function endMobilisation(order_id: number): Promise<Order> {
  return ask(api.POST('/api/v1/dispatch/mobilisations/{order_id}/end', { params: { path: { order_id } } }))
}
