import { milliseconds, msAfter } from '../util/clock.ts'
import type { Row } from './schema.ts'
import type { Transaction } from './transaction.ts'

/**
 * How long a change that was announced and never settled may still take effect, ms. D1 gives up on a statement after
 * 30 s, and it is sent at once.
 */
const OPEN_MS = milliseconds(120_000)

/** How many changes of one value may be open at the same time. */
const MAX_OPEN = 16

/** The row whose tag is the epoch: all copies from before it are worth nothing. It is no id of a value. */
const EPOCH = ''

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

/** What is known of some values. */
export interface ChangeTags {
  readonly epoch: string
  /**
   * The tags of those that ever changed, by key; null while a change is open. A value with the same tag as before is
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
  const epoch = tx.tables.find('changes', EPOCH)?.tag ?? ''
  if (open.includes(attempt)) return { announced: true, epoch }
  if (open.length >= MAX_OPEN) return { announced: false, epoch }
  tx.tables.insert('changes', {
    id,
    tag: row?.tag ?? '',
    open: [...open, attempt].join(' '),
    mixed: open.length > 0 ? 1 : 0,
    until_ms: msAfter(tx.nowMs, OPEN_MS),
    attempt,
  })
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
  return { alone }
}

/** Returns the tags of values that ever changed, by their keys. Writes only what became of changes that nobody settled. */
export function changeTags(tx: Transaction, { ids }: { readonly ids: readonly string[] }): ChangeTags {
  const asked = JSON.stringify([EPOCH, ...ids])
  const rows = tx.tables.select('changes', '*', 'WHERE id IN (SELECT value FROM json_each(?))', asked)
  const tags = rows
    .filter(({ id }) => id !== EPOCH)
    .map((row) => closeIfOver(tx, row))
    .map(({ id, tag, open }) => [id, open === '' ? tag : null] as const)
  return { epoch: rows.find(({ id }) => id === EPOCH)?.tag ?? '', tags: Object.fromEntries(tags) }
}

/** Begins a new epoch: the values were changed by other means, so no copy of any is worth anything. */
export function renewEpoch(tx: Transaction, { attempt }: { readonly attempt: string }): null {
  tx.tables.insert('changes', { id: EPOCH, tag: attempt, until_ms: milliseconds(0), attempt })
  return null
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
  return { ...row, ...closed }
}
