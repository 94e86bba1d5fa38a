/** What a verb's form says, as the command carries it. */
import { COUNTS, type Count } from '@/api/types'

export function isCount(name: string): name is Count {
  return COUNTS.some((each) => each === name)
}

/** The fields that were filled in; counts as numbers. */
export function reportData(
  fields: readonly (readonly [name: string, text: string])[],
): Record<string, string | number> {
  const said = fields.map(([name, text]) => [name, text.trim()] as const)
  const filled = said.filter(([, text]) => text !== '')
  return Object.fromEntries(
    filled.map(([name, text]) => [name, isCount(name) ? Number(text) : text]),
  )
}
