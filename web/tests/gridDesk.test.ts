import { describe, expect, it, vi } from 'vitest'

import { labelled } from '@/grid/names'
import { settled, type GridSettings } from '@/grid/settings'

vi.hoisted(() => vi.stubGlobal('window', { location: { origin: 'http://localhost' } }))

const form: GridSettings = {
  code_scheme: 'free',
  code_pattern: ' 9999 ',
  tolerance_m: 1,
  snap_m: 1,
  min_area_m2: 1,
  min_cell_m2: 1,
  enclave_m2: 50_000,
}

describe('the settings that a form says', () => {
  it('have a pattern for free codes alone', () => {
    expect(settled(form).code_pattern).toBe('9999')
    expect(settled({ ...form, code_pattern: '  ' }).code_pattern).toBeNull()
    expect(settled({ ...form, code_scheme: 'digits_15' }).code_pattern).toBeNull()
  })
})

describe('a cell in a table', () => {
  it('has its name beside its code', () => {
    expect(labelled('330824115006001', '西片')).toBe('330824115006001 西片')
  })

  it('has its code once', () => {
    expect(labelled('a', 'a')).toBe('a')
    expect(labelled('a', undefined)).toBe('a')
  })
})
