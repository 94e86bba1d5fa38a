/** Does what a line of the command line says. */
import { ref, shallowRef } from 'vue'

import { api, ask } from '@/api/client'
import type { TaskCard, Verb } from '@/api/types'
import { useAttempt } from '@/base/attempt'
import { spokenNumber } from '@/common/names'
import { cardOf, ENDED } from '@/live/cards'
import type { Place } from '@/map/usePickedPoint'
import { useFeed } from '@/stores/feed'
import { command as send } from './bulk'
import { NO_FILTER, passes } from './filter'
import { parse, type Fault, type Parsed } from './commandLine'

/** A place or a task that a search found. */
export interface Found {
  readonly key: string
  readonly text: string
  readonly note: string
  readonly place: Place
  readonly task: number | null
}

export interface Doors {
  chosen: () => number | null
  choose: (id: number) => void
  show: (place: Place) => void
  begin: () => void
  mobilise: () => void
  nameOf: (card: TaskCard) => string
}

type Said = Exclude<Parsed, { fault: Fault }>
export type Complaint = Fault | 'unknown_number' | 'nothing_found' | 'unknown_cell'

const SHOWN = 8

export function useCommandLine(doors: Doors) {
  const feed = useFeed()
  const { busy, refusal, attempt } = useAttempt()
  const complaint = ref<{ code: Complaint; said: string } | null>(null)
  const done = ref<{ verb: Verb; number: string } | null>(null)
  const found = shallowRef<readonly Found[]>([])
  const helps = ref(false)

  function clear(): void {
    complaint.value = done.value = refusal.value = null
    found.value = []
    helps.value = false
  }

  function complain(code: Complaint, said: string): false {
    complaint.value = { code, said }
    return false
  }

  /** Does it; says whether the line has had its effect and may be closed. */
  async function run(line: string): Promise<boolean> {
    clear()
    const parsed = parse(line, doors.chosen() !== null)
    if ('fault' in parsed) return complain(parsed.fault, parsed.said)
    if (parsed.command.takes.startsWith('task')) return onTask(parsed)
    return (await attempt(() => elsewhere(parsed))) ?? false
  }

  async function onTask({ command, task, rest }: Said): Promise<boolean> {
    const card = task === null ? feed.state.tasks[doors.chosen()!] : taskBy(feed.cards, task)
    if (!card) return complain('unknown_number', String(task ?? ''))
    doors.choose(card.id)
    const { verb, field } = command
    if (!verb) return true
    const answer = await attempt(() => send(card.id, verb, field ? { [field]: rest } : {}))
    if (answer) {
      feed.learn(cardOf(answer, ''))
      done.value = { verb, number: spokenNumber(card.incident) }
    }
    return false
  }

  async function elsewhere({ command, rest }: Said): Promise<boolean> {
    if (command.name === 'find') {
      found.value = [...tasksCalled(rest, feed.cards, doors.nameOf), ...(await placesCalled(rest))]
      if (!found.value.length) complain('nothing_found', rest)
    }
    if (command.name === 'go') {
      const cell = await cellCalled(rest)
      if (cell) doors.show(cell)
      return cell ? true : complain('unknown_cell', rest)
    }
    helps.value = command.name === 'help'
    if (command.name === 'new') doors.begin()
    if (command.name === 'mob') doors.mobilise()
    return command.name === 'new' || command.name === 'mob'
  }

  return { busy, refusal, complaint, done, found, helps, clear, run }
}

function tasksCalled(q: string, cards: readonly TaskCard[], nameOf: Doors['nameOf']): Found[] {
  const named = cards.filter((card) => passes({ ...NO_FILTER, q }, card, 0)).slice(0, SHOWN)
  return named.map((card) => ({ key: `task-${card.id}`, text: nameOf(card), note: '', place: card.incident, task: card.id }))
}

async function placesCalled(q: string): Promise<Found[]> {
  const { items } = await ask(api.GET('/api/v1/places', { params: { query: { q, limit: SHOWN } } }))
  return items.map((each) => ({ key: `place-${each.id}`, text: each.name, note: each.address ?? '', place: each, task: null }))
}

async function cellCalled(code: string): Promise<Place | undefined> {
  const query = { code, limit: 1 }
  return (await ask(api.GET('/api/v1/grid/cells', { params: { query } }))).items[0]
}

/** The task that a spoken number means: the numbers come round again, so the newest that is open. */
export function taskBy(cards: readonly TaskCard[], number: number): TaskCard | undefined {
  const named = cards.filter(({ incident }) => incident.number === number)
  const open = named.filter(({ state }) => !ENDED.has(state))
  return (open.length ? open : named).sort((a, b) => b.id - a.id)[0]
}
