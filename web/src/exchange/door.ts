/** What the page of the exchange asks of the server. */
import { api, ask, askTagged, type Tagged } from '@/api/client'
import { newId } from '@/base/ids'
import type {
  Letter,
  LetterState,
  MappedReport,
  Mapping,
  NewPartner,
  Partner,
  PullTerms,
  Reject,
  RejectedMessage,
  Rules,
  Terms,
} from './types'

const PARTNERS = '/api/v1/exchange/partners'
const AT = `${PARTNERS}/{code}` as const
/** As many rejects or letters as are shown. */
const SHOWN = 100

const of = (code: string) => ({ path: { code } })
const with_ = (code: string, etag: string) => ({ ...of(code), header: { 'If-Match': etag } })

export async function partners(): Promise<Partner[]> {
  return (await ask(api.GET(PARTNERS))).items
}

export async function add(body: NewPartner): Promise<void> {
  await ask(api.POST(PARTNERS, { body, headers: { 'Idempotency-Key': newId() } }))
}

export async function change(code: string, body: Terms): Promise<void> {
  const { etag } = await askTagged(api.GET(AT, { params: of(code) }))
  await ask(api.PUT(AT, { params: with_(code, etag), body }))
}

export function mapping(code: string): Promise<Tagged<Mapping>> {
  return askTagged(api.GET(`${AT}/mapping`, { params: of(code) }))
}

export function map(code: string, etag: string, rules: Rules, remark: string | null): Promise<Tagged<Mapping>> {
  return askTagged(api.PUT(`${AT}/mapping`, { params: with_(code, etag), body: { rules, remark } }))
}

export async function mappings(code: string): Promise<Mapping[]> {
  return (await ask(api.GET(`${AT}/mapping/history`, { params: of(code) }))).items
}

export function preview(code: string, rules: Rules, sample: unknown): Promise<MappedReport> {
  return ask(api.POST(`${AT}/mapping/preview`, { params: of(code), body: { rules, sample } }))
}

export async function pull(code: string): Promise<Tagged<PullTerms | null>> {
  const { data, etag } = await askTagged(api.GET(`${AT}/pull`, { params: of(code) }))
  return { data: data.pull, etag }
}

export async function read(code: string, etag: string, body: PullTerms): Promise<void> {
  await ask(api.PUT(`${AT}/pull`, { params: with_(code, etag), body }))
}

export async function rejects(partner: string): Promise<Reject[]> {
  const query = { partner, limit: SHOWN }
  return (await ask(api.GET('/api/v1/exchange/rejects', { params: { query } }))).items
}

const REJECT = '/api/v1/exchange/rejects/{number}'

export function message(number: number): Promise<RejectedMessage> {
  return ask(api.GET(REJECT, { params: { path: { number } } }))
}

export function replay(number: number): Promise<Reject> {
  return ask(api.POST(`${REJECT}/replay`, { params: { path: { number } } }))
}

export function dismiss(number: number): Promise<Reject> {
  return ask(api.POST(`${REJECT}/dismiss`, { params: { path: { number } } }))
}

export function replayAll(code: string): Promise<{ taken: number; left: number }> {
  return ask(api.POST(`${AT}/replay`, { params: of(code) }))
}

export async function letters(partner: string, state: LetterState): Promise<Letter[]> {
  const query = { partner, state, limit: SHOWN }
  return (await ask(api.GET('/api/v1/exchange/letters', { params: { query } }))).items
}

export function retry(number: number): Promise<Letter> {
  return ask(api.POST('/api/v1/exchange/letters/{number}/retry', { params: { path: { number } } }))
}
