/** The bureau's settings of its grid, as a form has them. */
import { api, ask, askTagged, type Tagged } from '@/api/client'
import type { components } from '@/api/schema'

export type GridSettings = components['schemas']['GridSettings']

export const SCHEMES = ['digits_15', 'digits_20', 'free'] as const

/** What is measured, in which unit, and the most that it can be. */
export const MEASURES = [
  { name: 'tolerance_m', unit: 'm', least: 0, most: 100 },
  { name: 'snap_m', unit: 'm', least: 0, most: 100 },
  { name: 'min_area_m2', unit: 'm²', least: 0, most: 10_000 },
  { name: 'min_cell_m2', unit: 'm²', least: 0, most: 1_000_000 },
  { name: 'enclave_m2', unit: 'm²', least: 1, most: 1_000_000_000 },
] as const

/** The settings, with the tag that a change must name. */
export function settings(): Promise<Tagged<GridSettings>> {
  return askTagged(api.GET('/api/v1/grid/settings'))
}

export function setSettings(etag: string, body: GridSettings): Promise<GridSettings> {
  const params = { header: { 'If-Match': etag } }
  return ask(api.PUT('/api/v1/grid/settings', { params, body }))
}

/** What the form says: only free codes have a pattern, and an empty one is none. */
export function settled(form: GridSettings): GridSettings {
  const pattern = form.code_scheme === 'free' ? form.code_pattern?.trim() : ''
  return { ...form, code_pattern: pattern || null }
}
