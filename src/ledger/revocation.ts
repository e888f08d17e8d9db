import { MAX_SESSION_SECONDS } from '../config/limits.ts'
import { after, type Seconds } from '../util/clock.ts'
import type { ClientId, GrantId, Sid } from '../util/ids.ts'
import { type AskingForEnds, endsAmong, endsOf, type TellingEnds } from './booked.ts'
import { raiseEpoch } from './epochs.ts'
import { withoutClaims } from './grant-record.ts'
import { findGrant, findOwn, type GrantRow } from './grant-row.ts'
import { grantsOf } from './owner.ts'
import { planSweep } from './plan-sweep.ts'
import { type EndedBy, SUBJECT, TOKENS } from './schema.ts'
import { type Ending, endedWith, isLive, isRemembered } from './standing.ts'
import { alive, later, type Transaction } from './transaction.ts'

export interface RevokeGrantInput extends AskingForEnds {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** The grant that the presented token names. */
  readonly id: GrantId
  /** The client that presents the token. A grant of another client is not found. */
  readonly clientId: ClientId
  /** The longest time a flow may take: a tombstone is kept that long, so no old verifier can restore the grant. */
  readonly flowLifetime: Seconds
}

export interface RevokeGrantsInput extends AskingForEnds {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** One consent with the grants that rest on it, all grants of one client, or all of the subject. */
  readonly target: { readonly id: GrantId } | { readonly clientId: ClientId } | 'all'
  /** The longest time a flow may take: tombstones are kept that long, so no old verifier can restore a grant. */
  readonly flowLifetime: Seconds
}

/** What a revocation ended. */
export interface Revoked extends TellingEnds {
  /** The ids of the grants that this attempt ended itself. */
  readonly revoked: readonly GrantId[]
  /** Set if there are more of them, which ended with these. The alarm cleans their rows up. */
  readonly more?: true
}

/** The request that revokes, and the longest time a flow may take. A tombstone also outlives the grant's own flow. */
type Revocation = Pick<RevokeGrantInput, 'attempt' | 'flowLifetime' | 'tellEnds'>

/** What is kept of a row whose tokens ended, and until when. */
type Left = { readonly record: string; readonly expires: Seconds | null }

/** How many rows a revocation looks at itself. One row decides about all of them, and the alarm comes to the others. */
const AT_ONCE = 100

/**
 * Ends every token of a grant. A consent that is or was remembered is kept without the claims of the tokens, since others
 * may rest on it. Any other row is kept as a tombstone without its record, until no verifier can restore the grant.
 */
export function endTokens(tx: Transaction, row: GrantRow, revocation: Revocation, ending: Ending): void {
  const tombstone = tombstoneOf(tx, row, revocation)
  if (row.remembered === 0) endRow(tx, row, revocation, tombstone, ending)
  else {
    const remembered = isRemembered(row, tx.now)
    const expires = remembered ? later(tombstone.expires, row.consent_ends) : tombstone.expires
    endRow(tx, row, revocation, { record: withoutClaims(row), expires }, ending)
  }
}

/** Leaves of a row what is kept until no verifier can restore the grant, and says what ended its tokens first. */
export function endRow(
  tx: Transaction,
  row: Pick<GrantRow, 'id' | 'revoked'>,
  { attempt }: Pick<Revocation, 'attempt'>,
  left: Left,
  { by, at }: Ending,
): void {
  // What ended the tokens first is kept, also if that is not known.
  const ended = row.revoked === 0 ? { ended_by: by, ended_at: at } : {}
  tx.tables.update('grants', row.id, { revoked: 1, attempt, recent: '[]', ...left, ...ended })
  tx.wake(left.expires, 'tombstone')
}

const tombstoneOf = ({ now }: Transaction, row: GrantRow, { flowLifetime }: Revocation): Left => ({
  record: '',
  expires: later(row.flow_expires, after(now, flowLifetime)),
})

/**
 * Revokes the grant of a token that its client presents (RFC 7009 section 2.1). A grant of another client is unchanged.
 */
export function revokeGrant(
  tx: Transaction,
  input: RevokeGrantInput,
): { readonly revoked: boolean } & TellingEnds {
  const row = findOwn(tx, input)
  if (row === undefined || !revokeTokens(tx, row, input, 'token_revoked')) return { revoked: false }
  return { revoked: true, ...endsAmong(tx, input, [row.client]) }
}

/**
 * Ends consents and the grants that rest on them: all at once, by an epoch or by the row of the consent. Returns the ids
 * of the grants whose rows this attempt changed.
 */
export function revokeGrants(tx: Transaction, input: RevokeGrantsInput): Revoked {
  const { target } = input
  if (target !== 'all' && 'clientId' in target && !isClientId(target.clientId)) return { revoked: [] }
  const { rows, more } = targets(tx, target)
  const revoked = rows.filter((row) => revokeConsent(tx, row, input)).map((row) => row.id)
  const several = target === 'all' || 'clientId' in target
  if (several && (tx.tables.exists('sessions', '') || tx.tables.exists('grants', ''))) {
    raiseEpoch(tx, target === 'all' ? SUBJECT : target.clientId, input)
  }
  const ended = revoked.length > 0 || more.more === true
  return { revoked, ...more, ...(ended && endsOfConsents(tx, input, rows)) }
}

/** Everything of a subject or client ends by its epoch. Something of a client may outlive one of its consents. */
function endsOfConsents(tx: Transaction, input: RevokeGrantsInput, rows: readonly GrantRow[]): TellingEnds {
  const { target } = input
  if (target === 'all') return endsOf(tx, input, null)
  if ('clientId' in target) return endsOf(tx, input, [target.clientId])
  return endsAmong(tx, input, clientsOf(rows))
}

const clientsOf = (rows: readonly GrantRow[]): readonly ClientId[] => [
  ...new Set(rows.map(({ client }) => client)),
]

/** Whether a text can be a client's id, and is no key of an epoch of its own. */
const isClientId = (id: ClientId): boolean => id !== SUBJECT && !id.startsWith('\u0000')

export interface RetractInput extends AskingForEnds {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  readonly id: GrantId
  /** The longest time a flow may take: a tombstone is kept that long, so no old verifier can restore the grant. */
  readonly flowLifetime: Seconds
}

export type RetractResult =
  /** `revoked` names the grants that this attempt ended. */
  | ({ readonly status: 'retracted' } & Revoked)
  /** There are tokens. Nothing changes. */
  | { readonly status: 'redeemed' }

/** Revokes a grant, and what rests on it, unless its code was redeemed and its tokens are not revoked. */
export function retractGrant(tx: Transaction, { id, ...revocation }: RetractInput): RetractResult {
  const row = findGrant(tx, id)
  if (row !== undefined && row.generation > 0 && row.revoked === 0) return { status: 'redeemed' }
  return { status: 'retracted', ...revokeGrants(tx, { ...revocation, target: { id } }) }
}

/** Revokes the tokens of every grant of a session, whose row must say so. */
export function revokeTokensOfSession(tx: Transaction, sid: Sid, input: Revocation): Revoked {
  const [from, to] = grantsOf(sid)
  const { rows, more } = firstRows(tx, 'WHERE id >= ? AND id < ?', from, to)
  const ended = endAlive(
    tx,
    rows.filter((row) => row.sid === sid),
    input,
    'session_ended',
  )
  const clients = more.more === true ? null : clientsOf(ended)
  return { revoked: ended.map(({ id }) => id), ...more, ...endsAmong(tx, input, clients) }
}

/** Revokes all tokens of the subject. */
export function revokeAllTokens(tx: Transaction, input: Revocation): Revoked {
  const { rows, more } = firstRows(tx, '')
  const ended = endAlive(tx, rows, input, 'all_sessions_ended')
  if (rows.length > 0) raiseEpoch(tx, TOKENS, { ...input, flowLifetime: MAX_SESSION_SECONDS })
  const clients = more.more === true ? null : clientsOf(ended)
  return { revoked: ended.map(({ id }) => id), ...more, ...endsAmong(tx, input, clients) }
}

function revokeTokens(tx: Transaction, row: GrantRow, input: Revocation, by: EndedBy): boolean {
  if (row.revoked === 1) return row.attempt === input.attempt
  endTokens(tx, row, input, { by, at: tx.now })
  return true
}

function endAlive(
  tx: Transaction,
  rows: readonly GrantRow[],
  input: Revocation,
  by: EndedBy,
): readonly GrantRow[] {
  const alivesNow = rows.filter((row) => alive(row.expires, tx.now))
  return alivesNow.filter((row) => revokeTokens(tx, row, input, by))
}

function revokeConsent(tx: Transaction, row: GrantRow, input: Revocation): boolean {
  if (row.record === '') return row.attempt === input.attempt
  // The tokens may have ended before, with many others: that is what ended them.
  const ending = endedWith(tx, row) ?? { by: 'consent_revoked', at: tx.now }
  endRow(tx, row, input, tombstoneOf(tx, row, input), ending)
  return true
}

interface FirstRows {
  readonly rows: readonly GrantRow[]
  readonly more: Pick<Revoked, 'more'>
}

/** Returns the first rows that a query finds. If there are more, the alarm goes on behind these. */
function firstRows(tx: Transaction, rest: string, ...values: readonly string[]): FirstRows {
  const rows = tx.tables.select('grants', '*', `${rest} ORDER BY id LIMIT ${AT_ONCE + 1}`, ...values)
  const last = rows[AT_ONCE - 1]
  if (rows.length <= AT_ONCE || last === undefined) return { rows, more: {} }
  planSweep(tx, { name: 'grants', position: last.id })
  return { rows: rows.slice(0, AT_ONCE), more: { more: true } }
}

/** Returns the rows in question that did not expire, and the expired ones that live tokens may rest on. */
function targets(tx: Transaction, target: RevokeGrantsInput['target']): FirstRows {
  const { rows, more } = 'all' !== target && 'id' in target ? oneConsent(tx, target.id) : firstRows(tx, '')
  const named = rows.filter((row) => target === 'all' || 'id' in target || row.client === target.clientId)
  const base = new Set(named.filter((row) => isLive(tx, row)).map((row) => row.rests_on))
  return {
    rows: named.filter((row) => alive(row.expires, tx.now) || base.has(row.id) || more.more === true),
    more,
  }
}

/** A consent and what rests on it. Only a consent that was remembered can have something rest on it. */
function oneConsent(tx: Transaction, id: GrantId): FirstRows {
  const consent = tx.tables.find('grants', id)
  if (consent === undefined) return { rows: [], more: {} }
  if (consent.remembered === 0) return { rows: [consent], more: {} }
  const { rows, more } = firstRows(tx, '')
  const resting = rows.filter((row) => row.rests_on === id)
  return { rows: [consent, ...resting].toSorted((one, other) => (one.id < other.id ? -1 : 1)), more }
}
