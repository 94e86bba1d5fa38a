import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import type { Role } from '@/api/types'
import { useAttempt } from '@/base/attempt'
import * as door from '@/bulletins/door'
import type { CapImport, CapImported, Contents, Detail, Draft, Head, NewBulletin, Opened, StepDone, Terms } from '@/bulletins/types'
import { useSpeakers } from '@/duty/useSpeakers'
import { useFeed } from './feed'

const WRITERS: ReadonlySet<Role> = new Set(['command'])
const ISSUERS: ReadonlySet<string> = new Set(['bureau', 'station'])
const GONE = 404

/** The bulletins of one unit at a time, and the one that is looked at. */
export const useBulletinDesk = defineStore('bulletinDesk', () => {
  const feed = useFeed()
  const { units, speakers: rooms, nameOf, loadUnits } = useSpeakers(WRITERS)
  const listing = useAttempt()
  const choosing = useAttempt()
  const { busy, refusal, attempt } = useAttempt()

  const terms = shallowRef<Terms | null>(null)
  const unit = ref<string | null>(null)
  const state = ref<'open' | 'all'>('open')
  const listed = shallowRef<Head[]>([])
  const next = ref<string | null>(null)
  const chosen = shallowRef<Detail | null>(null)
  /** What the chosen one said when somebody asked for it. */
  const told = shallowRef<{ version: number; contents: Contents } | null>(null)
  let wanted: number | null = null
  let latest = 0

  /** The units in whose name the account writes. */
  const speakers = computed(() => rooms.value.filter(({ kind }) => ISSUERS.has(kind)))
  /** Whether what was told may have been changed since. */
  const isStale = computed(() => told.value !== null && told.value.version !== chosen.value?.version)
  const lost = computed(() => listing.refusal.value ?? choosing.refusal.value)

  async function open(): Promise<void> {
    ;[terms.value] = await Promise.all([door.terms(), loadUnits()])
    unit.value = speakers.value[0]?.code ?? null
    await Promise.all([load(), feed.following ? null : feed.open()])
  }

  /** Lists another unit's, or others of it. */
  async function show(asked: { unit?: string; state?: 'open' | 'all' }): Promise<void> {
    unit.value = asked.unit ?? unit.value
    state.value = asked.state ?? state.value
    putAway()
    await load()
  }

  async function load(cursor?: string): Promise<void> {
    const turn = ++latest
    const page = await listing.attempt(() => door.bulletins(unit.value, state.value, cursor))
    // An answer to what was asked before comes too late.
    if (!page || turn !== latest) return
    listed.value = cursor ? [...listed.value, ...page.items] : page.items
    next.value = page.next
  }

  async function choose(id: number): Promise<void> {
    if (wanted !== id) putAway()
    wanted = id
    const found = await choosing.attempt(() => door.bulletin(id))
    if (wanted !== id) return
    if (!found) {
      if (choosing.refusal.value?.status === GONE) putAway()
    } else if (chosen.value === null || found.data.version >= chosen.value.version) {
      chosen.value = found.data
    }
  }

  function putAway(): void {
    wanted = null
    chosen.value = told.value = null
    refusal.value = null
  }

  /** Shows what it says: a row of the ledger. */
  async function look(): Promise<void> {
    const { id, version } = chosen.value!
    const contents = await attempt(() => door.contents(id))
    if (contents && wanted === id) told.value = { version, contents }
  }

  function hide(): void {
    told.value = null
  }

  /** A draft to be changed. The tag is older than what is read with it, never newer. */
  function openDraft(id: number): Promise<Opened | null> {
    return attempt(async () => {
      const { data, etag } = await door.bulletin(id)
      return { bulletin: data, contents: await door.contents(id), etag }
    })
  }

  async function change(work: () => Promise<Detail>): Promise<boolean> {
    const changed = await attempt(work)
    if (!changed) return false
    wanted = changed.id
    chosen.value = changed
    await load()
    return true
  }

  const write = (body: NewBulletin) => change(() => door.write(body))

  async function edit({ bulletin, etag }: Opened, body: Draft): Promise<boolean> {
    const done = await change(async () => {
      const changed = await door.change(bulletin.id, etag, body)
      return body.urgent ? door.step(bulletin.id, { verb: 'send_at_once' }) : changed
    })
    if (done) hide()
    return done
  }

  /** Takes a CAP message; the draft that came of it is chosen, unread. */
  async function importCap(body: CapImport): Promise<CapImported | null> {
    const done = await attempt(() => door.importCap(body))
    if (!done) return null
    if (done.bulletin) {
      putAway()
      wanted = done.bulletin.id
      chosen.value = done.bulletin
    }
    await refresh()
    return done
  }

  async function step(body: StepDone): Promise<boolean> {
    const { id } = chosen.value!
    const read = isStale.value ? null : told.value
    // What is approved is what was read.
    const said = body.verb === 'approve' ? { ...body, version: told.value?.version } : body
    const done = await change(() => door.step(id, said))
    // A step changes nothing of what it says.
    if (done && read && chosen.value?.id === id) told.value = { ...read, version: chosen.value.version }
    return done
  }

  async function refresh(): Promise<void> {
    await Promise.all([load(), wanted === null ? null : choose(wanted)])
  }
  watch(() => feed.bulletinChanges, refresh)
  // How many wait is counted on the bulletin; what its sightings say is asked for by who looks.
  watch(
    () => feed.sightingNews,
    (told) => {
      if (wanted !== null && told.some(({ bulletin }) => bulletin.id === wanted)) void choose(wanted)
    },
  )
  watch(
    () => feed.linkState,
    (now, before) => {
      if (now === 'live' && before === 'offline') void refresh()
    },
  )

  function leave(): void {
    putAway()
    listed.value = []
    feed.close()
  }

  return {
    busy,
    refusal,
    lost,
    units,
    terms,
    unit,
    state,
    listed,
    next,
    chosen,
    told,
    isStale,
    speakers,
    nameOf,
    open,
    show,
    load,
    choose,
    look,
    hide,
    openDraft,
    write,
    edit,
    importCap,
    step,
    leave,
  }
})
