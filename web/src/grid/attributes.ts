/** The attributes of a cell as a form has them: what of them was changed. */
import type { CellFacts, EditRequest } from './types'

export const CLASSES = ['urban', 'rural', 'border'] as const
type CellClass = (typeof CLASSES)[number]

export interface CellForm {
  code: string
  name: string
  station: string
  team: string
  class: string
}

/** The edit that makes a cell as the form has it; null where nothing was changed. */
export function changedAttributes(code: string, cell: CellFacts, form: CellForm): EditRequest | null {
  const changes: Omit<EditRequest, 'verb' | 'code'> = {
    ...(form.code !== code ? { new_code: form.code } : {}),
    ...(form.name !== cell.name ? { name: form.name } : {}),
    ...(form.station !== (cell.station ?? '') ? { station: form.station || null } : {}),
    ...(form.team !== (cell.team ?? '') ? { team: form.team || null } : {}),
    ...(form.class !== (cell.class ?? '') ? { class: (form.class || null) as CellClass | null } : {}),
  }
  if (Object.keys(changes).length === 0) return null
  return { verb: 'set_attributes', code, ...changes }
}
