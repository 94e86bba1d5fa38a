/** What one account keeps on this device: its database, its vault, and the facts that guard both. */
import { DeviceDatabase } from './deviceDatabase'
import {
  afterTry,
  contactAt,
  isAwayTooLong,
  MOST_TRIES,
  NO_TRIES,
  seenAt,
  waitMs,
  type Contact,
  type Tries,
} from './guard'
import { SealedShelf } from './shelf'
import { TerminalStorage } from './storage'
import { Vault, WrongSecret } from './vault'

/** What came of a PIN: `wait` takes none now, `wiped` was the last that was taken. */
export type PinResult = 'open' | 'wrong' | 'wait' | 'wiped'

export class Keeping {
  private readonly database: DeviceDatabase
  private readonly vault: Vault

  constructor(
    username: string,
    rounds?: number,
    private readonly now: () => number = Date.now,
  ) {
    this.database = new DeviceDatabase(username)
    this.vault = new Vault(this.database, rounds)
  }

  /** Whether anything was kept here that only the officer can open. */
  isMade(): Promise<boolean> {
    return this.vault.isMade()
  }

  hasPin(): Promise<boolean> {
    return this.vault.hasPin()
  }

  /**
   * Opens by the server's secret, or makes what isn't there yet.
   *
   * False where the secret belongs to another life of the server and a PIN can still open what is
   * kept; without a PIN nothing could, and it begins anew.
   */
  async openOnline(unlock: string): Promise<boolean> {
    if (await this.vault.isMade()) {
      try {
        await this.vault.open({ unlock })
        return true
      } catch (error) {
        if (!(error instanceof WrongSecret)) throw error
        if (await this.vault.hasPin()) return false
        await this.clear()
      }
    }
    await this.vault.make(unlock)
    return true
  }

  /** Tries a PIN; `unlock`, where the server gave one, opens the vault from then on. */
  async openByPin(pin: string, unlock: string | null): Promise<PinResult> {
    const result = await this.tried(() => this.vault.open({ pin }))
    if (result === 'open' && unlock !== null) await this.vault.admit({ unlock }, { pin })
    return result
  }

  /** Sets the first PIN of a vault that the server's secret opens. */
  async setPin(pin: string, unlock: string): Promise<void> {
    await this.vault.admit({ pin }, { unlock })
    await this.putTries(NO_TRIES)
  }

  changePin(pin: string, old: string): Promise<PinResult> {
    return this.tried(() => this.vault.admit({ pin }, { pin: old }))
  }

  /** How long no PIN is taken, after wrong ones. */
  async pinWaitMs(): Promise<number> {
    return waitMs(await this.tries(), this.now())
  }

  storage(): TerminalStorage {
    return new TerminalStorage(new SealedShelf(this.database, this.vault), true)
  }

  /** The server was heard just now. */
  async touch(): Promise<void> {
    await this.putContact(contactAt(this.now()))
  }

  /** Wipes what was received where the server wasn't heard for a day; tells whether it did. */
  async wipeIfAway(): Promise<boolean> {
    const fact = await this.database.factNamed('contact')
    if (!fact) return false
    await this.putContact(seenAt(fact, this.now()))
    if (!isAwayTooLong(fact, this.now())) return false
    const hadAny = (await this.database.keyNamed('received')) !== undefined
    if (hadAny) await this.wipeReceived()
    return hadAny
  }

  /** The latest moment that the device's clock has shown. */
  async latestMs(): Promise<number> {
    return (await this.database.factNamed('contact'))?.latest ?? -Infinity
  }

  async wipeReceived(): Promise<void> {
    await this.database.wipeReceived()
    await this.vault.renewReceived()
  }

  /** Leaves only what the officer did, and that locked until the next login. */
  async lock(): Promise<void> {
    await this.database.wipeReceived()
    await this.vault.dropPin()
  }

  async delete(): Promise<void> {
    await this.database.delete()
  }

  close(): void {
    this.database.close()
  }

  private async clear(): Promise<void> {
    await Promise.all(this.database.tables.map((table) => table.clear()))
  }

  /** A try counts before it is made, so that nobody gets one for free by closing the page. */
  private async tried(work: () => Promise<void>): Promise<PinResult> {
    if ((await this.pinWaitMs()) > 0) return 'wait'
    const tries = afterTry(await this.tries(), this.now())
    await this.putTries(tries)
    try {
      await work()
    } catch (error) {
      if (!(error instanceof WrongSecret)) throw error
      if (tries.wrong < MOST_TRIES) return 'wrong'
      await this.lock()
      await this.putTries(NO_TRIES)
      return 'wiped'
    }
    await this.putTries(NO_TRIES)
    return 'open'
  }

  private async tries(): Promise<Tries> {
    return (await this.database.factNamed('tries')) ?? NO_TRIES
  }

  private async putTries(tries: Tries): Promise<void> {
    await this.database.facts.put({ name: 'tries', ...tries })
  }

  private async putContact(contact: Contact): Promise<void> {
    await this.database.facts.put({ name: 'contact', at: contact.at, latest: contact.latest })
  }
}
