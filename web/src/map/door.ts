/** What the map asks of the server. */
import { api, ask, Refusal } from '@/api/client'
import type { CellCalls, Heat } from './types'
import type { FieldUnit } from './units'

export async function callsByCell(days: number): Promise<CellCalls[]> {
  return (await ask(api.GET('/api/v1/map/calls-by-cell', { params: { query: { days } } }))).items
}

export function heatOf(days: number): Promise<Heat> {
  return ask(api.GET('/api/v1/map/heat', { params: { query: { days } } }))
}

/** Null where the account may not see them, or the server doesn't answer now. */
export async function fieldUnits(): Promise<FieldUnit[] | null> {
  try {
    return (await ask(api.GET('/api/v1/field-units'))).items
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return null
  }
}
