/**
 * The command line of the desk: `sign 1042`, `assign 1042 330824017`, `find 华埠`, in words of either
 * language. A task is named by the number that is spoken on the radio; without one, the chosen task
 * is meant.
 */
import type { Verb } from '@/api/types'

/** What follows a command's word. */
type Takes = 'task' | 'task_officer' | 'task_words' | 'task_agency' | 'task_task' | 'words' | 'code' | 'note' | 'nothing'

export interface CommandWord {
  readonly name: string
  readonly words: readonly string[]
  readonly takes: Takes
  /** What is said to the task, and under which name it takes the words. */
  readonly verb?: Verb
  readonly field?: string
}

export const COMMANDS: readonly CommandWord[] = [
  { name: 'sign', words: ['sign', '签收'], takes: 'task', verb: 'sign' },
  { name: 'assign', words: ['assign', '指派', '改派'], takes: 'task_officer', verb: 'reassign', field: 'to' },
  { name: 'close', words: ['close', '办结'], takes: 'task', verb: 'close' },
  { name: 'back', words: ['back', '退回重办'], takes: 'task_words', verb: 'send_back', field: 'remark' },
  { name: 'return', words: ['return', '退回'], takes: 'task_words', verb: 'return', field: 'reason' },
  { name: 'cancel', words: ['cancel', '取消'], takes: 'task_words', verb: 'cancel', field: 'reason' },
  { name: 'hand', words: ['hand', '移交'], takes: 'task_agency', verb: 'hand_over' },
  { name: 'answer', words: ['answer', '答复'], takes: 'task_words', verb: 'answer', field: 'text' },
  { name: 'link', words: ['link', '重复'], takes: 'task_task', verb: 'link' },
  { name: 'show', words: ['show', '查看'], takes: 'task' },
  { name: 'find', words: ['find', '查找'], takes: 'words' },
  { name: 'go', words: ['go', '定位'], takes: 'code' },
  { name: 'new', words: ['new', '接警', '新建'], takes: 'nothing' },
  { name: 'alarm', words: ['alarm', '告警'], takes: 'nothing' },
  { name: 'silence', words: ['silence', '静音'], takes: 'note' },
  { name: 'mob', words: ['mob', '战时'], takes: 'nothing' },
  { name: 'unmob', words: ['unmob', '解除战时'], takes: 'nothing' },
  { name: 'help', words: ['?', '？', 'help', '帮助'], takes: 'nothing' },
]

/** What stands wrong, by the name of the sentence that says so and what to do. */
export type Fault = 'empty' | 'unknown' | 'no_task' | 'no_officer' | 'no_agency' | 'no_other' | 'no_words' | 'no_code' | 'no_note' | 'too_much'

export type Parsed =
  | { readonly command: CommandWord; readonly task: number | null; readonly rest: string }
  | { readonly fault: Fault; readonly said: string }

const NUMBER = /^#?(\d{1,4})$/
const SERVICE_NUMBER = /^[0-9A-Za-z-]{5,}$/

/** What a line says; `chosen` tells whether a task is chosen, which may then go unnamed. */
export function parse(line: string, chosen: boolean): Parsed {
  const [word = '', ...rest] = wordsOf(line)
  if (!word) return { fault: 'empty', said: '' }
  const command = commandOf(word)
  if (!command) return { fault: 'unknown', said: word }
  if (!command.takes.startsWith('task')) return plain(command, rest)
  // Of two numbers the first may go unnamed.
  const onlyOther = command.takes === 'task_task' && rest.length < 2 && chosen
  const number = onlyOther ? null : NUMBER.exec(rest[0] ?? '')
  const said = (number ? rest.slice(1) : rest).join(' ')
  if (!number && !chosen) return { fault: 'no_task', said: command.words[0]! }
  const fault = faultOf(command.takes, said)
  return fault ? { fault, said } : { command, task: number ? Number(number[1]) : null, rest: said }
}

function plain(command: CommandWord, rest: readonly string[]): Parsed {
  const said = rest.join(' ')
  const fault = faultOf(command.takes, said)
  return fault ? { fault, said } : { command, task: null, rest: said }
}

function faultOf(takes: Takes, said: string): Fault | null {
  switch (takes) {
    case 'task_officer':
      return SERVICE_NUMBER.test(said) ? null : 'no_officer'
    case 'task_agency':
      return /^\S+ \S/.test(said) ? null : 'no_agency'
    case 'task_task':
      return NUMBER.test(said) ? null : 'no_other'
    case 'task_words':
    case 'words':
      return said ? null : 'no_words'
    case 'code':
      return said ? null : 'no_code'
    case 'note':
      return noteOf(said).note ? null : 'no_note'
    default:
      return said ? 'too_much' : null
  }
}

/** What `hand_over` says: the agency in one word, and what it is asked for. */
export function agencyOf(said: string): { agency: string; text: string } {
  const [agency = '', ...text] = said.split(' ')
  return { agency, text: text.join(' ') }
}

const SILENT_MINUTES = 10
const MOST_MINUTES = 480

/** For how long an alarm is to be silent, where that is said, and why. */
export function noteOf(said: string): { minutes: number; note: string } {
  const [first = '', ...rest] = said.split(' ')
  const minutes = /^\d{1,3}$/.test(first) ? Math.min(Number(first), MOST_MINUTES) : 0
  return minutes ? { minutes, note: rest.join(' ') } : { minutes: SILENT_MINUTES, note: said }
}

/** The number that words name, as it is spoken. */
export function numberOf(said: string): number {
  return Number(NUMBER.exec(said)?.[1])
}

function commandOf(word: string): CommandWord | undefined {
  return COMMANDS.find(({ words }) => words.includes(word.toLowerCase()))
}

function wordsOf(line: string): string[] {
  return line.trim().replace(/^\//, '').split(/\s+/).filter(Boolean)
}

/** Something that may stand in a line, and what it means. */
export interface Named {
  readonly text: string
  readonly label: string
}

export interface Completion {
  /** The whole line, with what was begun brought to its end. */
  readonly line: string
  readonly text: string
  readonly label: string
}

const SHOWN = 8

/** How a line may go on: by a command's word, a task's number, or an officer's. */
export function completions(
  line: string,
  known: { readonly commands: readonly Named[]; readonly tasks: readonly Named[]; readonly officers: readonly Named[] },
): Completion[] {
  const parts = line.trimStart().replace(/^\//, '').split(/\s+/)
  const begun = parts.at(-1) ?? ''
  const [word = ''] = parts
  const found = offered(parts, known).filter(({ text }) => text.startsWith(begun.toLowerCase()) && text !== begun)
  const before = parts.length === 1 ? [] : [word, ...parts.slice(1, -1)]
  return found.slice(0, SHOWN).map((each) => ({ ...each, line: `${[...before, each.text].join(' ')} ` }))
}

function offered(
  parts: readonly string[],
  { commands, tasks, officers }: { readonly commands: readonly Named[]; readonly tasks: readonly Named[]; readonly officers: readonly Named[] },
): readonly Named[] {
  if (parts.length === 1) return commands
  const takes = commandOf(parts[0]!)?.takes
  if (parts.length === 2) {
    if (takes === 'task_officer') return [...tasks, ...officers]
    return takes?.startsWith('task') ? tasks : []
  }
  if (parts.length > 3) return []
  return takes === 'task_officer' ? officers : takes === 'task_task' ? tasks : []
}

const KEPT = 50

/** The lines said before with another at their end; none stands there twice in a row. */
export function remembered(history: readonly string[], line: string): string[] {
  const said = line.trim()
  if (!said || said === history.at(-1)) return [...history]
  return [...history, said].slice(-KEPT)
}
