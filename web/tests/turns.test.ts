import { describe, expect, it } from 'vitest'

import { turns } from '@/base/turns'

describe('works in turn', () => {
  it('begins one when the one before has ended', async () => {
    const inTurn = turns()
    const order: string[] = []
    const first = inTurn(async () => {
      await new Promise((resolve) => setTimeout(resolve))
      order.push('first')
    })
    const second = inTurn(async () => order.push('second'))
    await Promise.all([first, second])
    expect(order).toEqual(['first', 'second'])
  })

  it('goes on behind one that fails, which tells it', async () => {
    const inTurn = turns()
    const first = inTurn(() => Promise.reject(new Error('full')))
    const second = inTurn(async () => 'kept')
    await expect(first).rejects.toThrow('full')
    expect(await second).toBe('kept')
  })
})
