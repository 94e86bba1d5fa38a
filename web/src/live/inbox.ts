/** What an officer's terminal holds, slice by slice, and the cursor behind it; pure. */
import type { InboxMessage, InboxMessageType, Resync } from '@/api/types'
import { bulletinSlice } from './bulletins'
import { captureSlice } from './captures'
import type { Change, RecordKind } from './records'
import { orderSlice } from './orders'
import type { Items, Slice } from './slices'
import { taskSlice } from './tasks'

/** What an inbox tells of; a room that adds a kind adds its slice here. */
const SLICES = { tasks: taskSlice, orders: orderSlice, captures: captureSlice, bulletins: bulletinSlice }

/** The version of a sighting that nobody has answered. */
const AS_WRITTEN = 1

/** The messages at which a terminal shakes and speaks. */
const NEWS: ReadonlySet<InboxMessageType> = new Set([
  'task.offered',
  'order.issued',
  'order.reminded',
  'order.recalled',
  'swap.asked',
  'swap.agreed',
  'swap.refused',
  'swap.withdrawn',
  'swap.done',
  'capture.decided',
  'bulletin.issued',
  'bulletin.sighting',
])

/** Whether a message is news to the officer: what they wrote themselves, here or on another device, is none. */
export function isNews({ type, data }: InboxMessage): boolean {
  const isOwn = 'sighting' in data && data.sighting.version === AS_WRITTEN
  return NEWS.has(type) && !isOwn
}

type SliceName = keyof typeof SLICES
type Slices = { readonly [Name in SliceName]: (typeof SLICES)[Name] extends Slice<infer Item> ? Items<Item> : never }

export interface InboxState extends Slices {
  readonly epoch: string | null
  readonly seq: number
}

const NAMES = Object.keys(SLICES) as SliceName[]

export const EMPTY_INBOX: InboxState = { epoch: null, seq: 0, ...eachSlice(() => ({})) }

/**
 * `applied` moves the cursor, `known` was here before, `gap` means that something before this
 * message is missing: the stream has no holes, so the connection must be made anew.
 */
export type Reception = 'applied' | 'known' | 'gap'

/**
 * The state after a message. A tombstone (`expired`) and a type of a later version change nothing
 * but the cursor.
 */
export function receive(
  state: InboxState,
  message: InboxMessage,
): { state: InboxState; reception: Reception } {
  if (message.seq <= state.seq) return { state, reception: 'known' }
  if (message.seq > state.seq + 1) return { state, reception: 'gap' }
  const after = eachSlice((name) => sliceOf(name).receive(state[name], message))
  return { state: { ...state, ...after, seq: message.seq }, reception: 'applied' }
}

export function resync({ epoch, seq, snapshot }: Resync): InboxState {
  return { epoch, seq, ...eachSlice((name) => SLICES[name].fill(snapshot)) }
}

/** What must be written for a device that holds `before` to hold `after`; the cursor aside. */
export function changesBetween(before: InboxState, after: InboxState): Change[] {
  return NAMES.flatMap((name) => itemChanges(SLICES[name].kind, before[name], after[name]))
}

function itemChanges(kind: RecordKind, before: Items<unknown>, after: Items<unknown>): Change[] {
  if (before === after) return []
  const put = Object.entries(after).filter(([id, item]) => before[id] !== item)
  const gone = Object.keys(before).filter((id) => !(id in after))
  return [...put.map(([id, value]) => ({ kind, id, value })), ...gone.map((id) => ({ kind, id }))]
}

/** The state that was kept. */
export async function restored(
  head: Pick<InboxState, 'epoch' | 'seq'>,
  all: (kind: RecordKind) => Promise<Map<string, unknown>>,
): Promise<InboxState> {
  const kept = await Promise.all(NAMES.map(async (name) => [name, await all(SLICES[name].kind)] as const))
  const slices = Object.fromEntries(kept.map(([name, items]) => [name, Object.fromEntries(items)]))
  return { ...head, ...(slices as unknown as Slices) }
}

/** A slice whose items are only passed on. */
function sliceOf(name: SliceName): Slice<unknown> {
  return SLICES[name]
}

function eachSlice(itemsOf: (name: SliceName) => Items<unknown>): Slices {
  return Object.fromEntries(NAMES.map((name) => [name, itemsOf(name)])) as unknown as Slices
}
