/** Loads before and after: those that differ, the greatest difference first. */
export interface Load {
  name: string
  before: number
  after: number
}

export function changedLoads(loads: readonly Load[]): Load[] {
  const difference = ({ before, after }: Load) => Math.abs(after - before)
  return loads
    .filter((load) => difference(load) > 0)
    .sort((one, other) => difference(other) - difference(one) || one.name.localeCompare(other.name))
}
