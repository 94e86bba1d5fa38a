import type { InboxMessage, IncidentCard, Task, TaskCard } from '@/api/types'

const incident: IncidentCard = {
  id: 11,
  number: 7,
  source: '110',
  category: { code: 'dispute', name_zh: '纠纷', name_en: 'Dispute' },
  priority: 3,
  lon: 118.4,
  lat: 29.13,
  address: '芹阳',
  description: '',
  reported_at: '2026-11-22T13:00:00+08:00',
  cell: { code: '330824100001001', name: '城东社区' },
  station: { code: '33082401', name: '城关派出所' },
  method: 'covers',
  grid_version: 'demo-1',
}

const because = { code: 'owner.primary', params: {}, text: 'A角' }

export function card(changes: Partial<TaskCard> = {}, priority = incident.priority): TaskCard {
  return {
    id: 1,
    state: 'assigned',
    version: 1,
    incident: { ...incident, priority },
    assignee: null,
    step: { step: 1, kind: 'primary', because, deadline: '2026-11-22T13:03:00+08:00' },
    overdue_from: '2026-11-22T13:03:00+08:00',
    unowned: false,
    report: null,
    hand_over: null,
    advice: null,
    updated_at: '2026-11-22T13:00:00+08:00',
    ...changes,
  }
}

export function task(changes: Partial<Task> = {}): Task {
  const who = { username: '330824001', display_name: '330824001', kind: 'officer' as const }
  return {
    id: 1,
    state: 'assigned',
    version: 1,
    incident,
    assignee: null,
    overdue_from: '2026-11-22T13:03:00+08:00',
    unowned: false,
    decision: [{ step: 1, kind: 'primary', who, because, sign_within_s: 180, tell: 'in_turn' }],
    offers: [
      {
        step: 1,
        kind: 'primary',
        recipient: who,
        because,
        told_at: '2026-11-22T13:00:00+08:00',
        deadline: '2026-11-22T13:03:00+08:00',
        received_at: null,
        open: true,
        outcome: null,
      },
    ],
    history: [],
    letter: null,
    report: null,
    hand_over: null,
    advice: null,
    allowed: ['sign'],
    attachments: [],
    updated_at: '2026-11-22T13:00:00+08:00',
    ...changes,
  }
}

/** A message about a task, an offer of `card()` where nothing else is said. */
export function message(
  seq: number,
  type: InboxMessage['type'] = 'task.offered',
  data: unknown = { task: card() },
): InboxMessage {
  return { seq, id: `m${seq}`, type, at: '', data } as InboxMessage
}
