/**
 * The shapes that the rooms of the front end share, by their names on the wire.
 *
 * HTTP bodies come from the OpenAPI description (`schema.d.ts`); what only the socket carries
 * (cards, feed events, inbox messages) is described here.
 */
export type Role = 'admin' | 'gis_admin' | 'command' | 'officer' | 'auditor'
export type TaskState =
  | 'assigned'
  | 'signed'
  | 'en_route'
  | 'on_scene'
  | 'reported'
  | 'closed'
  | 'cancelled'
  | 'handed_over'
export type Verb =
  | 'sign'
  | 'depart'
  | 'arrive'
  | 'report'
  | 'return'
  | 'call_support'
  | 'close'
  | 'send_back'
  | 'reassign'
  | 'cancel'
  | 'hand_over'
  | 'link'
export type Outcome = 'resolved' | 'unfounded' | 'referred' | 'unresolved'
export type Priority = 1 | 2 | 3 | 4
export type StepKind = 'primary' | 'backup' | 'station_room' | 'bureau_room' | 'reassigned'

export interface Named {
  code: string
  name: string
}
export interface Person {
  username: string
  display_name: string
}
export interface Account extends Person {
  id: number
  roles: { role: Role; unit: Named }[]
  officer: { service_number: string; rank: string | null; kind: string; unit: Named } | null
}
export interface Session {
  token?: string
  expires_at: string
  csrf_token: string
  account: Account
}
export interface Bureau {
  code: string
  name: string
  name_en: string | null
  timezone: string
  /** West, south, east, north; null while no grid is in force. */
  bbox: number[] | null
  illustrative: boolean
  demo: boolean
  grid_version: string | null
  epoch: string
}
export interface Unit {
  code: string
  kind: string
  name: string
  name_en: string | null
  parent: string | null
  mode: string | null
  lon: number | null
  lat: number | null
  cells: number
}
export interface Category {
  code: string
  name: string
  name_zh: string
  name_en: string
  priority: Priority
}
export interface Because {
  code: string
  params: Record<string, unknown>
  text: string
}
export interface Step {
  step: number
  kind: StepKind
  who: Person & { kind: 'officer' | 'room' }
  because: Because
  sign_within_s: number
}
export interface IncidentCard {
  id: number
  number: string
  category: { code: string; name_zh: string; name_en: string }
  priority: Priority
  lon: number
  lat: number
  address: string | null
  description: string | null
  reported_at: string
  cell: Named | null
  station: Named | null
  method: string
  grid_version: string | null
}
export interface TaskReport {
  outcome: Outcome
  text: string
}
/** What messages and the feed carry of a task. */
export interface TaskCard {
  id: number
  state: TaskState
  version: number
  incident: IncidentCard
  assignee: Person | null
  step: { step: number; kind: StepKind; because: Because; deadline: string } | null
  report: TaskReport | null
  updated_at: string
}
export interface Offer {
  step: number
  kind: StepKind
  recipient: Person
  told_at: string
  deadline: string
  received_at: string | null
  open: boolean
  outcome: 'signed' | 'superseded' | 'withdrawn' | 'returned' | null
}
export interface HistoryEntry {
  id: number
  verb: string
  from: TaskState | null
  to: TaskState
  actor: Person | null
  occurred_at: string
  at: string
  lon: number | null
  lat: number | null
  data: Record<string, unknown>
  late: boolean
}
export interface Task {
  id: number
  state: TaskState
  version: number
  incident: IncidentCard
  assignee: Person | null
  decision: Step[]
  offers: Offer[]
  history: HistoryEntry[]
  report: TaskReport | null
  allowed: Verb[]
  updated_at: string
}
export interface Preview {
  cell: Named | null
  station: Named | null
  grid_version: string | null
  method: string
  neighbours: string[]
  distance_m: number | null
  decision: Step[]
}
export interface NewIncident {
  source: string
  external_id: string
  category: string
  lon: number
  lat: number
  priority?: Priority
  address?: string
  description?: string
}
export interface Incident {
  id: number
  number: string
  task: { id: number; state: TaskState; assignee: Person | null }
}
export interface Position {
  lon: number
  lat: number
  at: string
}
export interface OwnPosition extends Position {
  accuracy_m?: number
  heading?: number
  speed_mps?: number
}
export interface Officer extends Person {
  service_number: string
  rank: string | null
  kind: string
  unit: Named
  on_duty: boolean
  absent: boolean
  position: Position | null
}

/** A command as the queue sends it; the id makes sending it twice harmless. */
export interface Command {
  id: string
  verb: Verb
  task: number
  occurred_at: string
  data: Record<string, unknown>
}
export type CommandAnswer =
  | { status: 'done'; task: Task }
  | { status: 'refused'; code: string; detail: string; state?: TaskState; task?: Task }

export type FeedEvent =
  | { seq: number; type: 'incident.created'; data: { incident: IncidentCard; task: TaskCard } }
  | { seq: number; type: 'task.changed'; data: { task: TaskCard } }

export type InboxMessage = {
  seq: number
  id: string
  type: 'task.offered' | 'task.changed' | 'task.withdrawn'
  at: string
  data: { task: TaskCard; reason?: string }
}
export interface Resync {
  epoch: string
  seq: number
  snapshot: { tasks: TaskCard[] }
}
export interface Ready {
  epoch: string
  head: number
}
export interface LivePosition extends Position {
  username: string
  display_name: string
}
