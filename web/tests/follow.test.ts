import { describe, expect, it } from 'vitest'

import { follower, type Follower, type Said } from '@/map/follow'

/** Two windows that hear each other, as over a BroadcastChannel; each tells its page's choice on. */
function twoWindows(sharesView = true) {
  const sent: Said[] = []
  const did: string[] = []
  const windows: Follower[] = []
  const make = (name: string, other: number) =>
    follower(
      (said) => {
        sent.push(said)
        windows[other]?.hear(said)
      },
      {
        choose(task) {
          did.push(`${name} chose ${task}`)
          // The page puts it into its link, and tells of every change of that.
          windows[1 - other]!.chose(task)
        },
        pick: ({ lon }) => did.push(`${name} picked ${lon}`),
        look: ({ zoom }) => did.push(`${name} looked ${zoom}`),
      },
      () => sharesView,
    )
  windows.push(make('a', 1), make('b', 0))
  return { a: windows[0]!, b: windows[1]!, sent, did }
}

describe('two windows', () => {
  it('choose the same task, once, whoever chose', () => {
    const { a, b, sent, did } = twoWindows()
    a.chose(7)
    a.chose(7)
    b.chose(8)
    expect(did).toEqual(['b chose 7', 'a chose 8'])
    expect(sent).toEqual([{ kind: 'task', task: 7 }, { kind: 'task', task: 8 }])
    a.chose(7)
    expect(did.at(-1)).toBe('b chose 7')
  })

  it('look at the same place only where that is wished', () => {
    const view = { lon: 118, lat: 29, zoom: 12 }
    const together = twoWindows()
    together.a.moved(view)
    expect(together.did).toEqual(['b looked 12'])
    const apart = twoWindows(false)
    apart.a.moved(view)
    apart.b.hear({ kind: 'view', view })
    expect([apart.sent, apart.did]).toEqual([[], []])
  })

  it('pass a clicked place on', () => {
    const { b, did } = twoWindows()
    b.picked({ lon: 118, lat: 29 })
    expect(did).toEqual(['a picked 118'])
  })

  it('tell one that opens later what they show', () => {
    const { a, b, did } = twoWindows()
    a.hear({ kind: 'task', task: 7 })
    a.moved({ lon: 1, lat: 2, zoom: 3 })
    did.length = 0
    a.hear({ kind: 'hello' })
    expect(did).toEqual(['b chose 7', 'b looked 3'])
    b.hear({ kind: 'hello' })
    expect(did.filter((each) => each.startsWith('a'))).toEqual([])
  })
})
