/** What a map shows, and how it is remembered; pure. */
import { BASES, COLOURINGS, type Basis, type Colouring } from './cellFigures'

/** Days that calls are counted over. */
export const SPANS = [1, 7, 30, 90, 365] as const

export interface Choice {
  readonly colouring: Colouring
  readonly basis: Basis
  readonly days: number
  readonly heat: boolean
  readonly heatDays: number
  readonly officers: boolean
  readonly units: boolean
  readonly ground: boolean
}

export const NO_CHOICE: Choice = {
  colouring: 'station',
  basis: 'open',
  days: 7,
  heat: false,
  heatDays: 30,
  officers: true,
  units: true,
  ground: true,
}

/** What was remembered, as far as it can be understood; the rest as it is at first. */
export function read(text: string | null): Choice {
  const said = parsed(text)
  const one = <Value>(values: readonly Value[], value: unknown, other: Value) =>
    values.find((each) => each === value) ?? other
  const flag = (name: 'heat' | 'officers' | 'units' | 'ground') =>
    one([true, false], said[name], NO_CHOICE[name])
  return {
    colouring: one(COLOURINGS, said['colouring'], NO_CHOICE.colouring),
    basis: one(BASES, said['basis'], NO_CHOICE.basis),
    days: one<number>(SPANS, said['days'], NO_CHOICE.days),
    heat: flag('heat'),
    heatDays: one<number>(SPANS, said['heatDays'], NO_CHOICE.heatDays),
    officers: flag('officers'),
    units: flag('units'),
    ground: flag('ground'),
  }
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const said: unknown = JSON.parse(text ?? '{}')
    return typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : {}
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return {}
  }
}
