/**
 * The shapes that the rooms of the front end share, by their names on the wire.
 *
 * They come from the server's own description (`schema.d.ts`, written by `npm run types`). What
 * only the socket carries (feed events, inbox messages, answers) is described here.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type Account = Schemas['Account']
export type Session = Schemas['Session']
export type Bureau = Schemas['Bureau']
export type Unit = Schemas['Unit']
export type Category = Schemas['Category']
export type Officer = Schemas['Officer']
export type Explanation = Schemas['Explanation']
export type Help = Schemas['Help']
export type Related = Schemas['Related']
export type Suggested = Schemas['Suggested']
export type Preview = Schemas['Preview']
export type Person = Schemas['Person']
export type Because = Schemas['Because']
export type Step = Schemas['Step']
export type Offer = Schemas['Offer']
export type HistoryEntry = Schemas['History']
export type IncidentCard = Schemas['IncidentCard']
export type TaskCard = Schemas['TaskCard']
export type Task = Schemas['Task']
export type TaskState = Task['state']
export type Verb = Task['allowed'][number]
export type Outcome = Schemas['Feedback']['outcome']
export type NewIncident = Schemas['IncidentReport']
export type OwnPosition = Schemas['Position']
export type OwnOrder = Schemas['OwnOrder']
export type Attachment = Schemas['Attachment']
export type UploadProgress = Schemas['UploadProgress']
export type Capture = Schemas['Capture']
export type BulletinSheet = Schemas['BulletinSheet']
/** All that messages say of a bulletin. */
export type BulletinRef = Schemas['BulletinRef']
export type BulletinSighting = Schemas['BulletinSighting']
export type SightingHead = Schemas['BulletinSightingHead']
/** All that messages say of a sighting. */
export type SightingRef = Pick<SightingHead, 'id' | 'version'>
export type CaptureCard = Omit<Capture, 'photos' | 'place' | 'allowed'>
/** A wall's session only looks on; no account is granted that. */
export type Role = 'admin' | 'gis_admin' | 'command' | 'officer' | 'auditor' | 'wall'

export const PRIORITIES = [1, 2, 3, 4] as const
/** How many persons and offences a report counts; it never says who. */
export const COUNTS = ['suspects', 'offences', 'persons_helped'] as const
export type Count = (typeof COUNTS)[number]
export const OUTCOMES: readonly Outcome[] = ['resolved', 'unfounded', 'referred', 'unresolved']

/** What a command is said to: one thing, or nothing where its verb makes something new. */
export type Subject = { task: number } | { order: number } | { swap: number } | { bulletin: number } | { [none in never]: number }

/** A command as the queue sends it; the id makes sending it twice harmless. */
export interface Command {
  id: string
  verb: string
  task?: number
  order?: number
  swap?: number
  bulletin?: number
  occurred_at: string
  data: Record<string, unknown>
  lon?: number
  lat?: number
}
/** Beside the status stands what the command's subject has become. */
export type CommandAnswer =
  | { status: 'done'; task?: Task; [subject: string]: unknown }
  | { status: 'refused'; code: string; detail: string; task?: Task; [subject: string]: unknown }

export type FeedEvent =
  | { seq: number; type: 'incident.created'; data: { incident: IncidentCard; task: TaskCard } }
  | { seq: number; type: 'task.changed'; data: { task: TaskCard } }
  | { seq: number; type: 'mode.changed'; data: { mobilisation: Schemas['Order'] } }
  | { seq: number; type: 'capture.changed'; data: { capture: CaptureCard } }
  | { seq: number; type: 'bulletin.changed'; data: { bulletin: BulletinRef } }
  | { seq: number; type: 'bulletin.sighting'; data: SightingNews }
  | { seq: number; type: 'order.changed'; data: { order: OrderCount } }
  | { seq: number; type: 'order.overdue'; data: { order: OrderCount; unanswered: Unanswered } }

/** That a sighting came or was answered: which, and no more. */
export interface SightingNews {
  bulletin: BulletinRef
  sighting: SightingRef
}
/** How far an order has come, as the feed counts it. */
export interface OrderCount {
  id: number
  number: number
  state: OwnOrder['state']
  progress: Schemas['OrderProgress']
}
/** Who had not answered an order at its deadline: how many, and the first of them. */
export interface Unanswered {
  count: number
  first: { username: string; display_name: string }[]
}

/** What happened to a swap of shifts that the reader has a part in. */
export interface SwapMessage {
  type: 'swap.asked' | 'swap.agreed' | 'swap.refused' | 'swap.withdrawn' | 'swap.done'
  data: { swap: Omit<Schemas['Swap'], 'allowed'> }
}
/** Orders come whole; what follows carries what changed. */
export type OrderMessage =
  | { type: 'order.issued'; data: { order: Omit<OwnOrder, 'read_at' | 'answered_at' | 'answer' | 'late' | 'reminded_at'> } }
  | {
      type: 'order.reminded' | 'order.recalled' | 'order.updated'
      data: { order: { id: number } & Partial<OwnOrder>; reason?: 'half' | 'answer_by' | 'room' }
    }
/** A message to the account; a reader passes over types that it doesn't know. */
export type InboxMessage = { seq: number; id: string; at: string } & (
  | {
      type: 'task.offered' | 'task.changed' | 'task.withdrawn' | 'task.passed_over'
      data: { task: TaskCard; reason?: string | null }
    }
  | SwapMessage
  | OrderMessage
  | { type: 'capture.decided'; data: { capture: CaptureCard } }
  | { type: 'bulletin.issued' | 'bulletin.updated' | 'bulletin.ended'; data: { bulletin: BulletinRef } }
  | { type: 'bulletin.sighting'; data: SightingNews }
  // What stood here has ended before it was read; `type` says what it was.
  | { type: 'expired'; data: { type: string; task?: { id: number }; order?: { id: number }; bulletin?: { id: number } } }
)
export type InboxMessageType = InboxMessage['type']
/** One list per room; a server of another version may know fewer. */
export interface Snapshot {
  tasks?: TaskCard[]
  orders?: OwnOrder[]
  captures?: CaptureCard[]
  bulletins?: BulletinRef[]
}
export interface Resync {
  epoch: string
  seq: number
  snapshot: Snapshot
}
export interface Ready {
  epoch: string
  head: number
}
export interface LivePosition {
  username: string
  display_name: string
  lon: number
  lat: number
  at: string
  accuracy_m?: number | null
  /** Degrees clockwise from north. */
  heading?: number | null
  speed_mps?: number | null
  /** From 0 to 1. */
  battery?: number | null
}
