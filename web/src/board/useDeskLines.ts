/** What a line of the command line does that is said to no task. */
import { api, ask } from '@/api/client'
import type { TaskCard } from '@/api/types'
import { endMobilisation, orders } from '@/command/mobilisations'
import type { Place } from '@/map/usePickedPoint'
import { useAlarms } from '@/stores/alarms'
import { useFeed } from '@/stores/feed'
import { noteOf } from './commandLine'
import { NO_FILTER, passes } from './filter'
import type { Complaint, Doors, Found } from './useCommandLine'

interface Told {
  readonly doors: Doors
  /** Says that it can't be done; never has an effect. */
  complain: (code: Complaint, said: string) => false
  find: (found: readonly Found[]) => void
  help: () => void
}

const SHOWN = 8

/** By the command's name: does it, and says whether the line may be closed. */
export function useDeskLines({ doors, complain, find, help }: Told): Readonly<Record<string, (said: string) => Promise<boolean> | boolean>> {
  const feed = useFeed()
  const alarms = useAlarms()

  /** Goes to what the first alarm is about. */
  function alarm(): boolean {
    const [first] = alarms.loud
    if (!first) return complain('no_alarm', '')
    if (first.task === null) return complain('no_alarm_task', '')
    doors.choose(first.task)
    return true
  }
  async function silence(said: string): Promise<boolean> {
    const first = alarms.loud.find(({ maySilence }) => maySilence)
    if (!first) return complain('no_alarm', '')
    const { minutes, note } = noteOf(said)
    await alarms.silence(first.key, minutes, note)
    return true
  }
  async function unmob(): Promise<boolean> {
    const [first, ...others] = (await orders()).filter(({ state }) => state === 'in_force')
    if (!first) return complain('not_mobilised', '')
    if (others.length) return complain('several_mobilised', '')
    await endMobilisation(first.id)
    return true
  }
  async function look(said: string): Promise<boolean> {
    const found = [...tasksCalled(said, feed.cards, doors.nameOf), ...(await placesCalled(said))]
    find(found)
    return found.length ? false : complain('nothing_found', said)
  }
  async function go(said: string): Promise<boolean> {
    const cell = await cellCalled(said)
    if (!cell) return complain('unknown_cell', said)
    doors.show(cell)
    return true
  }
  function begin(): boolean {
    doors.begin()
    return true
  }
  function mob(): boolean {
    doors.mobilise()
    return true
  }
  function list(): boolean {
    help()
    return false
  }

  return { alarm, silence, unmob, find: look, go, new: begin, mob, help: list }
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
