/** What an officer's duty page asks of the server; a change is made once, however often it is sent. */
import { api, ask, KEY, once } from '@/api/client'
import type { OwnDuty, Swap } from './types'

export function ownDuty(): Promise<OwnDuty> {
  return ask(api.GET('/api/v1/force/my-duty'))
}

export interface Proposal {
  shift: number
  /** Service number of who takes it over. */
  other: string
  /** Theirs that is taken for it; null where it is handed over for nothing. */
  other_shift: number | null
}

export function propose(body: Proposal): Promise<Swap> {
  return once((key) => ask(api.POST('/api/v1/force/swaps', { params: { header: { [KEY]: key } }, body })))
}
