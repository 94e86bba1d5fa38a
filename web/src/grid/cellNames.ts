/** How the cells of the version on the table are called. */
import { computed } from 'vue'

import { useDraft } from '@/stores/draft'
import { useWorkshop } from '@/stores/workshop'
import { labelled } from './names'

/** Names a cell by its code and, where it has another, its name. */
export function useCellNames(): (code: string) => string {
  const workshop = useWorkshop()
  const draft = useDraft()
  const stored = computed(
    () => new Map(workshop.cells?.features.map(({ properties: { code, name } }) => [code, name])),
  )
  return (code) => labelled(code, draft.topology?.cells[code]?.name ?? stored.value.get(code))
}
