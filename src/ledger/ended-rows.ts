import { milliseconds, seconds, secondsOf } from '../util/clock.ts'
import { keepSpent } from './consumed.ts'
import { erasedEpoch, loginEpoch } from './epochs.ts'
import { FORGOTTEN } from './erase.ts'
import type { GrantRow } from './grant-row.ts'
import { isIndexed, tellAtEnd } from './indexes.ts'
import { hasDueNotice, queueNotices, recipientsOf } from './notices.ts'
import { readable } from './readable.ts'
import { endRow, endTokens } from './revocation.ts'
import type { Row } from './schema.ts'
import { end } from './sessions.ts'
import { areTokensEnded, type Ending, endedWith, isEnded } from './standing.ts'
import { alive, type Transaction } from './transaction.ts'

/*
 * One row ends any number of grants and sessions at once (standing.ts). Their own rows are cleaned up behind that, by the
 * alarm, a batch at a time.
 */

/** The largest number of rows that one run looks at. */
const BATCH = { grants: 500, sessions: 100 } as const

/**
 * Cleans the next rows that ended with many others. To be called until there are no more. Returns whether the next run
 * should follow at once.
 */
export function sweepEnded(tx: Transaction): boolean {
  const sessions = tx.tables.find('sweeps', 'sessions')
  // The clients of the sessions of one batch are told before those of the next.
  const waits = hasDueNotice(tx)
  if (sessions !== undefined && !waits) sweepSessions(tx, sessions)
  const grants = tx.tables.find('sweeps', 'grants')
  if (grants !== undefined) sweepGrants(tx, grants)
  return tx.tables.exists('sweeps', waits ? "WHERE name = 'grants'" : '')
}

const DECIDING = [
  ...(['id', 'client', 'sid', 'epoch', 'rests_on', 'revoked', 'remembered', 'notify'] as const),
  ...(['flow_expires'] as const),
]

function sweepGrants(tx: Transaction, sweep: Row<'sweeps'>): void {
  const rest = `WHERE id > ? ORDER BY id LIMIT ${BATCH.grants}`
  // Records may be long: only those of consents are read, one at a time.
  const rows = tx.tables.select('grants', DECIDING, rest, sweep.position)
  for (const row of rows) cleanGrant(tx, row)
  advance(tx, sweep, rows.length === BATCH.grants ? rows.at(-1)?.id : undefined)
}

/**
 * Leaves a tombstone as long as its flow goes on: an epoch refuses every verifier from before, but the user may go back
 * and log in to the flow once more, which gives verifiers from after it.
 */
function cleanGrant(tx: Transaction, row: Row<'grants', (typeof DECIDING)[number]>): void {
  const ended = isEnded(tx, row)
  if (!ended && (row.revoked === 1 || !areTokensEnded(tx, row))) return
  const whole = ended || row.remembered === 0 ? undefined : tx.tables.find('grants', row.id)
  if (whole === undefined) {
    if (row.notify !== '' && !isIndexed(tx)) tellAtEnd(tx, row.sid, [row.client, row.notify])
    if (alive(row.flow_expires, tx.now)) {
      endRow(tx, row, { attempt: '' }, { record: '', expires: row.flow_expires }, endingOf(tx, row))
    } else tx.tables.delete('grants', [row.id])
    return
  }
  const ending = endingOf(tx, row)
  if (!readable('grants', row.id, () => endWhole(tx, whole, ending), false)) {
    // Its record stays as it is: other grants may rest on the consent, and a newer release may read it.
    const left = { revoked: 1, attempt: '', recent: '[]', ended_by: ending.by, ended_at: ending.at }
    tx.tables.update('grants', row.id, left)
  }
}

const endingOf = (tx: Transaction, row: Row<'grants', (typeof DECIDING)[number]>): Ending =>
  endedWith(tx, row) ?? { by: 'session_ended', at: null }

function endWhole(tx: Transaction, row: GrantRow, ending: Ending): true {
  endTokens(tx, row, { attempt: '', flowLifetime: seconds(0) }, ending)
  return true
}

function sweepSessions(tx: Transaction, sweep: Row<'sweeps'>): void {
  const rest = `WHERE sid > ? ORDER BY sid LIMIT ${BATCH.sessions}`
  const rows = tx.tables.select('sessions', '*', rest, sweep.position)
  const epoch = loginEpoch(tx)
  const erased = erasedEpoch(tx)
  // A session that has expired since was open when it ended with the others, and that is told all the same.
  const endedAt = seconds(Math.min(tx.now, secondsOf(milliseconds(epoch))))
  for (const row of rows) {
    if (row.ended === 1 || row.epoch >= epoch) continue
    if (row.epoch < erased) {
      keepSpent(tx, row, sweep.keep_until)
      tx.tables.update('sessions', row.sid, { ...FORGOTTEN, expires: tx.now })
    } else end(tx, row, { attempt: '', at: endedAt, keepUntil: sweep.keep_until, revokes: false })
    if (!alive(row.expires, endedAt)) continue
    const clients = sweep.notify === 1 ? readable('sessions', row.sid, () => recipientsOf(tx, row), []) : []
    // Of the ends of all sessions only an erasure is told to the identity provider.
    const providerSession = row.epoch < erased ? row.provider_session : ''
    queueNotices(tx, { clients, providerSession, attempt: '', due: tx.now })
  }
  advance(tx, sweep, rows.length === BATCH.sessions ? rows.at(-1)?.sid : undefined)
}

function advance(tx: Transaction, { name }: Row<'sweeps'>, position: string | undefined): void {
  if (position === undefined) tx.tables.delete('sweeps', [name])
  else tx.tables.update('sweeps', name, { position })
}
