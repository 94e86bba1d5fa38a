import { describe, expect, it, vi } from 'vitest'

import { once, Refusal } from '@/api/client'

vi.hoisted(() => vi.stubGlobal('window', { location: { origin: 'http://localhost' } }))

/** Sends by turns what it is told to, and remembers the keys. */
function sender(...answers: (string | Refusal)[]) {
  const keys: string[] = []
  const send = (key: string): Promise<string> => {
    const answer = answers[keys.push(key) - 1]!
    return answer instanceof Refusal ? Promise.reject(answer) : Promise.resolve(answer)
  }
  return { keys, send }
}

const unreachable = new Refusal('network.unreachable', '', 0)

describe('a change that is made once', () => {
  it('has a key of its own', async () => {
    const { keys, send } = sender('one', 'two')
    expect([await once(send), await once(send)]).toEqual(['one', 'two'])
    expect(new Set(keys).size).toBe(2)
  })

  it('is sent a second time under its key where no answer came', async () => {
    const { keys, send } = sender(unreachable, 'done')
    expect(await once(send)).toBe('done')
    expect(keys[1]).toBe(keys[0])
  })

  it('is refused where no answer comes again', async () => {
    const { keys, send } = sender(unreachable, unreachable)
    await expect(once(send)).rejects.toBe(unreachable)
    expect(keys).toHaveLength(2)
  })

  it('is not sent again where it was refused', async () => {
    const refused = new Refusal('grid.stale', '', 412)
    const { keys, send } = sender(refused, 'done')
    await expect(once(send)).rejects.toBe(refused)
    expect(keys).toHaveLength(1)
  })
})
