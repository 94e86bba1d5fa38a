import { beforeEach, describe, expect, it } from 'vitest'

import { newCall } from '@/intake/call'
import { CallShelf, type Kept } from '@/intake/callShelf'
import { forget } from '@/live/wipe'
import { Tab } from './tab'

const UNLOCK = btoa('k'.repeat(32))

let tab: Tab
let kept: Kept

beforeEach(() => {
  tab = new Tab()
  const call = { ...newCall(1_000), description: '两人争吵', words: '独山村' }
  kept = { calls: [call], open: call.id }
})

describe('the calls that a tab keeps', () => {
  it('come back as they were after a reload', async () => {
    await new CallShelf('command', UNLOCK, tab).save(kept)
    expect(await new CallShelf('command', UNLOCK, tab).load()).toEqual(kept)
  })

  it('lie sealed in the tab', async () => {
    await new CallShelf('command', UNLOCK, tab).save(kept)
    expect([...tab.rows.values()].join()).not.toContain('独山村')
  })

  it('open by the same secret alone, and are forgotten otherwise', async () => {
    await new CallShelf('command', UNLOCK, tab).save(kept)
    expect(await new CallShelf('command', btoa('z'.repeat(32)), tab).load()).toBeNull()
    expect(tab.length).toBe(0)
  })

  it("are nobody else's", async () => {
    await new CallShelf('command', null, tab).save(kept)
    expect(await new CallShelf('room-33082401', null, tab).load()).toBeNull()
    expect(tab.length).toBe(0)
  })

  it('survive a reload without keys too', async () => {
    await new CallShelf('command', null, tab).save(kept)
    expect(await new CallShelf('command', null, tab).load()).toEqual(kept)
  })

  it('end as the last change left them, however fast changes come', async () => {
    const shelf = new CallShelf('command', UNLOCK, tab)
    const saved = [1, 2, 3].map((n) => shelf.save({ ...kept, open: String(n) }))
    await Promise.all(saved)
    expect((await new CallShelf('command', UNLOCK, tab).load())?.open).toBe('3')
  })

  it('are gone once there is none, and when they are forgotten', async () => {
    const shelf = new CallShelf('command', UNLOCK, tab)
    await shelf.save(kept)
    forget(tab)
    expect(tab.length).toBe(0)
    await shelf.save(kept)
    await shelf.save({ calls: [], open: null })
    expect(tab.length).toBe(0)
  })
})
