/** Does what a line of the command line says. */
import { ref, shallowRef } from 'vue'

import type { TaskCard, Verb } from '@/api/types'
import { useAttempt } from '@/base/attempt'
import { spokenNumber } from '@/common/names'
import { cardOf, ENDED } from '@/live/cards'
import type { Place } from '@/map/usePickedPoint'
import { useFeed } from '@/stores/feed'
import { command as send } from './bulk'
import { agencyOf, numberOf, parse, type Fault, type Parsed } from './commandLine'
import { useDeskLines } from './useDeskLines'

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
export type Complaint =
  | Fault
  | 'unknown_number'
  | 'nothing_found'
  | 'unknown_cell'
  | 'no_alarm'
  | 'no_alarm_task'
  | 'not_mobilised'
  | 'several_mobilised'

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

  const desk = useDeskLines({
    doors,
    complain,
    find: (all) => (found.value = all),
    help: () => (helps.value = true),
  })

  /** Does it; says whether the line has had its effect and may be closed. */
  async function run(line: string): Promise<boolean> {
    clear()
    const parsed = parse(line, doors.chosen() !== null)
    if ('fault' in parsed) return complain(parsed.fault, parsed.said)
    if (parsed.command.takes.startsWith('task')) return onTask(parsed)
    return (await attempt(async () => desk[parsed.command.name]!(parsed.rest))) ?? false
  }

  async function onTask({ command, task, rest }: Said): Promise<boolean> {
    const card = task === null ? feed.state.tasks[doors.chosen()!] : taskBy(feed.cards, task)
    if (!card) return complain('unknown_number', String(task ?? ''))
    const data = dataOf(command, rest, feed.cards)
    if (!data) return complain('unknown_number', rest)
    doors.choose(card.id)
    const { verb } = command
    if (!verb) return true
    const answer = await attempt(() => send(card.id, verb, data))
    if (answer) {
      feed.learn(cardOf(answer, ''))
      done.value = { verb, number: spokenNumber(card.incident) }
    }
    return false
  }

  return { busy, refusal, complaint, done, found, helps, clear, run }
}

/** What the verb carries; null where the other task isn't known. */
function dataOf({ takes, field }: Said['command'], rest: string, cards: readonly TaskCard[]): Record<string, unknown> | null {
  if (takes === 'task_agency') return agencyOf(rest)
  if (takes !== 'task_task') return field ? { [field]: rest } : {}
  const to = taskBy(cards, numberOf(rest))
  return to ? { to: to.id, kind: 'duplicate' } : null
}

/** The task that a spoken number means: the numbers come round again, so the newest that is open. */
export function taskBy(cards: readonly TaskCard[], number: number): TaskCard | undefined {
  const named = cards.filter(({ incident }) => incident.number === number)
  const open = named.filter(({ state }) => !ENDED.has(state))
  return (open.length ? open : named).sort((a, b) => b.id - a.id)[0]
}
