/** What the composer holds, and the order that becomes of it; pure. */
import { NOBODY, type Audience, type OrderDetail, type OrderDraft } from './types'

export interface Form {
  unit: string
  kind: NonNullable<OrderDraft['kind']>
  urgency: NonNullable<OrderDraft['urgency']>
  title: string
  text: string
  asks: NonNullable<OrderDraft['asks']>
  choices: string[]
  /** By the bureau's clocks, as `2026-11-22T08:00`; empty for no deadline. */
  answerBy: string
  audience: Required<Audience>
  refersTo: number | null
  relation: 'supplements' | 'renews' | null
}

/** The order that a new one follows, and what the new one is to it. */
export interface Follow {
  order: OrderDetail
  relation: 'supplements' | 'renews'
}

export function blank(unit: string, choices: readonly string[]): Form {
  return {
    unit,
    kind: 'order',
    urgency: 'routine',
    title: '',
    text: '',
    asks: 'read',
    choices: [...choices],
    answerBy: '',
    audience: { ...NOBODY },
    refersTo: null,
    relation: null,
  }
}

/** The same people, asked the same; one that renews begins with what the former said. */
export function followUp({ order, relation }: Follow): Form {
  return {
    ...blank(order.unit.code, order.choices),
    kind: order.kind,
    urgency: order.urgency,
    title: order.title,
    text: relation === 'renews' ? order.text : '',
    asks: order.asks,
    audience: { ...NOBODY, ...order.audience },
    refersTo: order.id,
    relation,
  }
}

export function draftOf(form: Form, answerBy: string | null, expected: number): OrderDraft {
  const isAsked = form.asks !== 'none'
  return {
    unit: form.unit,
    kind: form.kind,
    urgency: form.urgency,
    title: form.title.trim(),
    text: form.text.trim(),
    asks: form.asks,
    choices: form.asks === 'choice' ? form.choices.map((each) => each.trim()).filter(Boolean) : [],
    answer_by: isAsked ? answerBy : null,
    audience: form.audience,
    refers_to: form.refersTo,
    relation: form.relation,
    expected,
  }
}
