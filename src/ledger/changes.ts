import { after, milliseconds, msAfter, type Seconds, seconds } from '../util/clock.ts'
import type { Row } from './schema.ts'
import type { Transaction } from './transaction.ts'

/**
 * How long a change that was announced and never settled may still take effect, ms. D1 gives up on a statement after
 * 30 s, and it is sent at once.
 */
const OPEN_MS = milliseconds(120_000)

/** The end of changes where none is open. */
const NONE = milliseconds(0)

/** How many changes of one value may be open at the same time. */
const MAX_OPEN = 64

/** Up to how many values with a row all of them are told, and up to how many that changed since: some 40 kB. */
const MAX_TOLD = 1000

/**
 * For how long a value that changed has a row, seconds. A value without one did not change for as long; nobody takes the
 * feed's word for a copy that is nearly as old (`MAX_VOUCHED_AGE_MS` of store/cache-kv.ts, three days: the fourth is for
 * clocks that differ and for changes that take effect late).
 */
const KEEP_SECONDS = seconds(4 * 86_400)

/**
 * The row that speaks of all values. Its tag is the epoch: copies from before it are worth nothing. It is no id of a
 * value.
 */
const ALL = ''

/** Ends a tag after several changes at the same time, and after one that nobody settled: no copy has such a tag. */
const [SEVERAL, UNSETTLED] = ['+', '?']

/** One value that has copies, by its key, and who changes it. */
export interface ChangeInput {
  /** Names the change. Repeated calls with the same one get the same answer. */
  readonly attempt: string
  /** The key of the value. */
  readonly id: string
}

export interface SettleChangeInput extends ChangeInput {
  /** Whether the value is another one now. */
  readonly changed: boolean
}

export interface ChangeTagsInput {
  /** The keys of the values that are asked about. */
  readonly ids: readonly string[]
  /** What the last answer had for its head, if only what happened since has to be told besides; null for none. */
  readonly head: string | null
}

/** What is known of values. */
export interface ChangeTags {
  readonly epoch: string
  /** Another one after each event. */
  readonly head: string
  /**
   * Whose tags these are: of `all` values that changed in four days; of `some`, those that were asked about; of those
   * that changed `since` the head that was known, and those; or the `same`, if nothing happened since.
   */
  readonly told: 'all' | 'some' | 'since' | 'same'
  /**
   * The tags of values that changed in four days, by key; null while a change is open. A value with the same tag as
   * before is the same as before. One without a tag did not change in four days.
   */
  readonly tags: Readonly<Record<string, string | null>>
}

/**
 * Announces that a value is about to be changed. Until that is settled, or can no longer happen, nobody is told that
 * the value stayed the same: whoever announces may stop half way, and a write may take effect late. False if too many
 * changes of the value are open.
 */
export function announceChange(
  tx: Transaction,
  { attempt, id }: ChangeInput,
): { readonly announced: boolean; readonly epoch: string } {
  const row = find(tx, id)
  const open = openOf(row)
  const epoch = tx.tables.find('changes', ALL)?.tag ?? ''
  if (open.includes(attempt)) return { announced: true, epoch }
  if (open.length >= MAX_OPEN) return { announced: false, epoch }
  const until_ms = msAfter(tx.nowMs, OPEN_MS)
  tx.tables.insert('changes', {
    id,
    tag: row?.tag ?? '',
    open: [...open, attempt].join(' '),
    mixed: open.length > 0 ? 1 : 0,
    until_ms,
    attempt,
    expires: keptUntil(tx),
  })
  moveHead(tx, id, until_ms)
  return { announced: true, epoch }
}

/**
 * Settles a change that was announced. `alone` says that no other change of the value was open meanwhile, so that the
 * value is what this change made of it and has its `attempt` for a tag; after several nobody knows which came last.
 */
export function settleChange(
  tx: Transaction,
  { attempt, id, changed }: SettleChangeInput,
): { readonly alone: boolean } {
  const row = find(tx, id)
  const open = openOf(row)
  if (row === undefined || !open.includes(attempt))
    return { alone: row !== undefined && wasAlone(row, attempt) }
  const others = open.filter((one) => one !== attempt)
  const alone = row.mixed === 0
  const tag = alone ? (changed ? attempt : row.tag) : attempt + SEVERAL
  const settled = others.length > 0 ? { open: others.join(' ') } : { open: '', tag }
  tx.tables.update('changes', id, { ...settled, expires: keptUntil(tx) })
  moveHead(tx, id)
  return { alone }
}

/** Returns the tags of values that changed. Writes only what became of changes that nobody settled. */
export function changeTags(tx: Transaction, { ids, head: known }: ChangeTagsInput): ChangeTags {
  closeAllOver(tx)
  const all = tx.tables.find('changes', ALL)
  const epoch = all?.tag ?? ''
  const head = `${epoch}.${all?.head ?? 0}`
  if (head === known && ids.length === 0) return { epoch, head, told: 'same', tags: {} }
  const since = known === null ? undefined : changedSince(tx, epoch, all?.head ?? 0, known)
  if (since !== undefined) return { epoch, head, told: 'since', tags: tagsOf(tx, [...since, ...ids]) }
  const whole = tx.tables.select('changes', '*', 'LIMIT ?', MAX_TOLD + 1)
  if (whole.length > MAX_TOLD) return { epoch, head, told: 'some', tags: tagsOf(tx, ids) }
  return { epoch, head, told: 'all', tags: tagsIn(whole) }
}

/** Returns the values that changed since a head; `undefined` if that is not known any more, or they are very many. */
function changedSince(
  { recent }: Transaction,
  epoch: string,
  head: number,
  known: string,
): ReadonlySet<string> | undefined {
  const from = Number(known.slice(epoch.length + 1))
  if (!known.startsWith(`${epoch}.`) || !Number.isSafeInteger(from) || from > head) return undefined
  const ids = from === head ? new Set<string>() : recent.since(from)
  return ids !== undefined && ids.size <= MAX_TOLD ? ids : undefined
}

const tagsOf = (tx: Transaction, ids: readonly string[]): ChangeTags['tags'] =>
  tagsIn(
    tx.tables.select('changes', '*', 'WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(ids)),
  )

const tagsIn = (rows: readonly Row<'changes'>[]): ChangeTags['tags'] =>
  Object.fromEntries(
    rows.filter(({ id }) => id !== ALL).map(({ id, tag, open }) => [id, open === '' ? tag : null]),
  )

/** Begins a new epoch: the values were changed by other means, so no copy of any is worth anything. */
export function renewEpoch(tx: Transaction, { attempt }: { readonly attempt: string }): null {
  moveHead(tx, ALL)
  tx.tables.update('changes', ALL, { tag: attempt, attempt })
  return null
}

/** Until when the row of a value that changes now is kept. The alarm deletes it afterwards. */
function keptUntil(tx: Transaction): Seconds {
  const expires = after(tx.now, KEEP_SECONDS)
  tx.wake(expires)
  return expires
}

/**
 * Notes that something happened to a value. `until` is when what was announced can no longer take effect, ms since the
 * epoch; the row of all values keeps the first such time of those that may be open.
 */
function moveHead(tx: Transaction, id: string, until = NONE): void {
  const all = tx.tables.find('changes', ALL)
  const { tag = '', head = 0, until_ms = NONE, attempt = '' } = all ?? {}
  const ends = [until, until_ms].filter((end) => end !== NONE)
  const first = ends.length > 0 ? milliseconds(Math.min(...ends)) : NONE
  tx.tables.insert('changes', { id: ALL, tag, until_ms: first, attempt, head: head + 1 })
  tx.recent.note({ head: head + 1, id })
}

/** Closes every change that was never settled and can no longer take effect. */
function closeAllOver(tx: Transaction): void {
  const until = tx.tables.find('changes', ALL)?.until_ms ?? NONE
  if (until === NONE || tx.nowMs < until) return
  const rows = tx.tables.select('changes', '*', "WHERE open <> ''").map((row) => closeIfOver(tx, row))
  const ends = rows.filter(({ open }) => open !== '').map(({ until_ms }) => until_ms)
  tx.tables.update('changes', ALL, { until_ms: ends.length > 0 ? milliseconds(Math.min(...ends)) : NONE })
}

/** Whether the last change of a value that has none open was this one, by itself. */
const wasAlone = ({ open, tag, attempt: last }: Row<'changes'>, attempt: string): boolean =>
  open === '' && last === attempt && ![attempt + SEVERAL, attempt + UNSETTLED].includes(tag)

const openOf = (row: Row<'changes'> | undefined): readonly string[] =>
  row === undefined || row.open === '' ? [] : row.open.split(' ')

function find(tx: Transaction, id: string): Row<'changes'> | undefined {
  const row = tx.tables.find('changes', id)
  return row && closeIfOver(tx, row)
}

/** Gives a value a new tag whose change was never settled, once that change can no longer take effect. */
function closeIfOver(tx: Transaction, row: Row<'changes'>): Row<'changes'> {
  if (row.open === '' || tx.nowMs < row.until_ms) return row
  const closed = { open: '', tag: row.attempt + UNSETTLED }
  tx.tables.update('changes', row.id, closed)
  moveHead(tx, row.id)
  return { ...row, ...closed }
}
