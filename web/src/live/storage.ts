/** What a terminal keeps over a restart, per account: its inbox, its queue, and others' records. */
import { changesBetween, EMPTY_INBOX, restored, type InboxState } from './inbox'
import type { Outbox } from './outbox'
import type { Change, RecordKind, Records } from './records'
import type { Shelf } from './shelf'

const HEAD = 'head'
const QUEUE = 'queue'

type Head = Pick<InboxState, 'epoch' | 'seq'>

export class TerminalStorage {
  constructor(
    private readonly shelf: Shelf,
    /** Whether what is written is there after a reload. */
    readonly lasts: boolean,
  ) {}

  /** The records of a kind, sealed as they are written; one may carry a photo under `bytes`. */
  records<Value>(kind: RecordKind): Records<Value> {
    const { shelf } = this
    return {
      get: async (id) => (await shelf.get(kind, id)) as Value | undefined,
      all: async () => (await shelf.all(kind)) as Map<string, Value>,
      put: (id, value) => shelf.write([{ kind, id, value }]),
      delete: (id) => shelf.write([{ kind, id }]),
    }
  }

  /** Writes records of several kinds, all of them or none. */
  async write(changes: readonly Change[]): Promise<void> {
    await this.shelf.write(changes)
  }

  async inbox(): Promise<InboxState> {
    const head = (await this.shelf.get('inbox', HEAD)) as Head | undefined
    if (!head) return EMPTY_INBOX
    return restored(head, (kind) => this.shelf.all(kind))
  }

  /** Keeps what differs between two states together with the cursor behind it. */
  async keepInbox(before: InboxState, after: InboxState): Promise<void> {
    const { epoch, seq } = after
    const head: Change = { kind: 'inbox', id: HEAD, value: { epoch, seq } satisfies Head }
    await this.shelf.write([head, ...changesBetween(before, after)])
  }

  async outbox(): Promise<Outbox> {
    return ((await this.shelf.get('outbox', QUEUE)) as Outbox | undefined) ?? []
  }

  async keepOutbox(value: Outbox): Promise<void> {
    await this.shelf.write([{ kind: 'outbox', id: QUEUE, value }])
  }

  close(): void {
    this.shelf.close()
  }
}
