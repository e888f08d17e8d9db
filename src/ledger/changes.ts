import { milliseconds, msAfter } from '../util/clock.ts'
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

/** Up to how many values that ever changed all of them are told: some 40 kB. */
const MAX_WHOLE = 1000

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
  /** What the last answer that told all had for its head; null for none. */
  readonly head: string | null
}

/** What is known of values. */
export interface ChangeTags {
  readonly epoch: string
  /** Another one after each event. */
  readonly head: string
  /** Whether the tags are those of all values that ever changed, or of some; `same`: all are as the head says. */
  readonly told: 'all' | 'some' | 'same'
  /**
   * The tags of values that ever changed, by key; null while a change is open. A value with the same tag as before is
   * the same as before.
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
  })
  moveHead(tx, until_ms)
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
  tx.tables.update('changes', id, others.length > 0 ? { open: others.join(' ') } : { open: '', tag })
  moveHead(tx)
  return { alone }
}

/** Returns the tags of values that ever changed. Writes only what became of changes that nobody settled. */
export function changeTags(tx: Transaction, { ids, head: known }: ChangeTagsInput): ChangeTags {
  closeAllOver(tx)
  const all = tx.tables.find('changes', ALL)
  const epoch = all?.tag ?? ''
  const head = `${epoch}.${all?.head ?? 0}`
  if (head === known) return { epoch, head, told: 'same', tags: {} }
  const whole = tx.tables.select('changes', '*', 'LIMIT ?', MAX_WHOLE + 1)
  const told = whole.length > MAX_WHOLE ? 'some' : 'all'
  const some = 'WHERE id IN (SELECT value FROM json_each(?))'
  const rows = told === 'all' ? whole : tx.tables.select('changes', '*', some, JSON.stringify(ids))
  const tags = rows
    .filter(({ id }) => id !== ALL)
    .map(({ id, tag, open }) => [id, open === '' ? tag : null] as const)
  return { epoch, head, told, tags: Object.fromEntries(tags) }
}

/** Begins a new epoch: the values were changed by other means, so no copy of any is worth anything. */
export function renewEpoch(tx: Transaction, { attempt }: { readonly attempt: string }): null {
  moveHead(tx)
  tx.tables.update('changes', ALL, { tag: attempt, attempt })
  return null
}

/**
 * Notes that something happened. `until` is when what was announced can no longer take effect, ms since the epoch; the
 * row of all values keeps the first such time of those that may be open.
 */
function moveHead(tx: Transaction, until = NONE): void {
  const all = tx.tables.find('changes', ALL)
  const { tag = '', head = 0, until_ms = NONE, attempt = '' } = all ?? {}
  const ends = [until, until_ms].filter((end) => end !== NONE)
  const first = ends.length > 0 ? milliseconds(Math.min(...ends)) : NONE
  tx.tables.insert('changes', { id: ALL, tag, until_ms: first, attempt, head: head + 1 })
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
  moveHead(tx)
  return { ...row, ...closed }
}
