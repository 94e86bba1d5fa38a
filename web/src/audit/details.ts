/** What a row of the ledger keeps beside its deed, made readable. */

/** One thing that was kept; `was` is there where the deed changed it. */
export interface Detail {
  name: string
  was?: string
  is: string
}

/** The reader's language: of vue-i18n what is needed, and how a moment is said. */
export interface Words {
  t: (key: string) => string
  te: (key: string) => boolean
  n: (value: number) => string
  moment: (at: string) => string
}

type Data = Readonly<Record<string, unknown>>

/** A moment as the server writes it: with its offset, so that no day or text is taken for one. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

/** Where the words stand for a code that the ledger keeps as it is. */
const SECTIONS = ['audit.value', 'state', 'role', 'bulletins.kind', 'duty.duty', 'audit.kind', 'refusal']
/** Where those of some names stand first: a `room` is a duty, and elsewhere a reminder. */
const SECTION_OF: Readonly<Record<string, string>> = { duty: 'duty.duty', role: 'role', state: 'state' }

/** The details of a row. What has no words stays as it was kept: nothing is left out. */
export function detailsOf(data: Data, words: Words): Detail[] {
  const { before, after, ...rest } = data
  const kept = (each: Data) =>
    Object.entries(each).map(([key, value]) => ({ name: nameOf(key, words), is: said(value, words, key) }))
  if (isData(before) && isData(after)) return [...kept(rest), ...changes(before, after, words)]
  // What was added, or what was there when it was taken away.
  const only = [before, after].filter(isData)
  return [...kept(rest), ...only.flatMap(kept)]
}

/** What was changed, and below it what stayed. */
function changes(before: Data, after: Data, words: Words): Detail[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const details: Detail[] = names.map((key) => ({
    name: nameOf(key, words),
    ...change(said(before[key], words, key), said(after[key], words, key)),
  }))
  const isChanged = ({ was }: Detail) => was !== undefined
  return [...details.filter(isChanged), ...details.filter((each) => !isChanged(each))]
}

/** Where nothing changed it stands once. */
function change(was: string, is: string): Omit<Detail, 'name'> {
  return was === is ? { is } : { was, is }
}

function nameOf(key: string, { t, te }: Words): string {
  return te(`audit.data.${key}`) ? t(`audit.data.${key}`) : key
}

function said(value: unknown, words: Words, of = ''): string {
  const { t, n } = words
  if (value === null || value === undefined || value === '') return '—'
  if (typeof value === 'boolean') return t(value ? 'audit.yes' : 'audit.no')
  if (typeof value === 'number') return n(value)
  if (Array.isArray(value)) return value.map((each) => said(each, words, of)).join(t('audit.and')) || '—'
  if (!isData(value)) return sayText(String(value), words, of)
  return Object.entries(value)
    .map(([key, each]) => `${nameOf(key, words)} ${said(each, words, key)}`)
    .join(t('audit.and'))
}

/** A text that was kept, under the name `of`: a moment, a code that has words, or itself. */
export function sayText(text: string, { t, te, moment }: Words, of = ''): string {
  if (MOMENT.test(text)) return moment(text)
  const sections = [SECTION_OF[of] ?? [], SECTIONS].flat()
  const key = sections.map((section) => `${section}.${text.replaceAll('.', '_')}`).find((each) => te(each))
  return key ? t(key) : text
}

function isData(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
