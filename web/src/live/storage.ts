/** What a terminal keeps over a restart: its inbox and its command queue, per account. */
import Dexie, { type Table } from 'dexie'

import { EMPTY_INBOX, type InboxState } from './inbox'
import type { Outbox } from './outbox'

interface Row {
  key: 'inbox' | 'outbox'
  value: unknown
}

export class TerminalStorage extends Dexie {
  declare readonly states: Table<Row, Row['key']>

  constructor(username: string) {
    super(`gridserver.${username}`)
    this.version(1).stores({ states: 'key' })
  }

  async inbox(): Promise<InboxState> {
    const row = await this.states.get('inbox')
    return (row?.value as InboxState | undefined) ?? EMPTY_INBOX
  }

  async outbox(): Promise<Outbox> {
    const row = await this.states.get('outbox')
    return (row?.value as Outbox | undefined) ?? []
  }

  async keepInbox(value: InboxState): Promise<void> {
    await this.states.put({ key: 'inbox', value })
  }

  async keepOutbox(value: Outbox): Promise<void> {
    await this.states.put({ key: 'outbox', value })
  }
}
