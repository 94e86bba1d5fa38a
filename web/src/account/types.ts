import type { components } from '@/api/schema'

export type Wanted = components['schemas']['Wanted']
export type Factor = components['schemas']['Factor']
export type Factors = components['schemas']['Factors']
export type Enrolment = components['schemas']['Enrolment']
export type FactorKind = Factor['kind']

/** Who one is, shown again: the password; then its ticket and what is shown beside it. */
export type Given = components['schemas']['Again']

/** What is shown beside the password: one of the three. */
export interface Shown {
  code?: string
  recovery_code?: string
  credential?: Record<string, unknown>
}

/** A first factor was enrolled: the codes to keep, and what signs in once they are kept. */
export interface Enrolled {
  codes: string[]
  goOn: () => void
}
