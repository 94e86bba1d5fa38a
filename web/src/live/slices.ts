/** The shape of one kind of thing that an inbox tells of; each room gives its own. */
import type { InboxMessage, Snapshot } from '@/api/types'
import type { RecordKind } from './records'

/** Things of one kind by their ids. */
export type Items<Item> = Readonly<Record<string, Item>>

/** How messages and snapshots change the things of one kind; pure. */
export interface Slice<Item> {
  /** Where they are kept, one record each. */
  readonly kind: RecordKind
  /** The things after a message: the same object where the message doesn't concern them. */
  receive(items: Items<Item>, message: InboxMessage): Items<Item>
  /** The things of a snapshot, which knows nothing of those that were held before. */
  fill(snapshot: Snapshot): Items<Item>
}
