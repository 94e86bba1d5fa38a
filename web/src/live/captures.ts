/** What an officer captured, as far as the terminal knows what became of it; pure. */
import type { CaptureCard, InboxMessage, Snapshot } from '@/api/types'
import type { Entry, Outbox } from './outbox'
import type { Items, Slice } from './slices'

export const CAPTURE = 'capture'

export type HeldCaptures = Items<CaptureCard>

export const captureSlice: Slice<CaptureCard> = {
  kind: 'captures',

  receive(held: HeldCaptures, message: InboxMessage): HeldCaptures {
    return message.type === 'capture.decided' ? learnCapture(held, message.data.capture) : held
  },

  fill({ captures = [] }: Snapshot): HeldCaptures {
    return captures.reduce(learnCapture, {})
  },
}

/** What is held with a card in its place, unless a newer one already stands there. */
export function learnCapture(held: HeldCaptures, card: CaptureCard): HeldCaptures {
  const standing = held[card.id]
  return standing && standing.version > card.version ? held : { ...held, [card.id]: card }
}

/** The captures that the server hasn't taken: they wait, or were refused. Newest first. */
export function unsettled(outbox: Outbox): Entry[] {
  return outbox.filter(({ verb, status }) => verb === CAPTURE && status !== 'done').reverse()
}

/** What the server has, newest first. */
export function settled(held: HeldCaptures): CaptureCard[] {
  return Object.values(held).sort((a, b) => b.id - a.id)
}
