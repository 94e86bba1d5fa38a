/** Orders in words, in the present language. */
import type { InboxMessage, OwnOrder } from '@/api/types'
import { i18n } from '@/i18n'
import type { Answer } from '@/live/orders'

export function kindName({ kind, number }: Pick<OwnOrder, 'kind' | 'number'>): string {
  return i18n.global.t(`messages.numbered.${kind}`, { n: number })
}

/** What was answered; where having read it is the answer, that. */
export function answerText(answer: Answer): string {
  return answer.choice ?? answer.text ?? i18n.global.t('messages.confirmed')
}

/** What is said aloud of a message about an order that the terminal holds; empty for no words. */
export function orderNews(news: InboxMessage, held: Readonly<Record<string, OwnOrder>>): string {
  const { t } = i18n.global
  switch (news.type) {
    case 'order.issued': {
      const { order } = news.data
      const key = order.urgency === 'urgent' ? 'messages.news_urgent' : 'messages.news'
      return t(key, { what: kindName(order), title: order.title })
    }
    case 'order.reminded':
    case 'order.recalled': {
      const order = held[news.data.order.id]
      const key = news.type === 'order.reminded' ? 'messages.news_reminded' : 'messages.news_recalled'
      return order ? t(key, { what: kindName(order), title: order.title }) : ''
    }
    default:
      return ''
  }
}
