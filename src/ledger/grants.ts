import { after, type Seconds, seconds } from '../util/clock.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { type Booking, bookingOf } from './booked.ts'
import { endRemembered } from './consents.ts'
import { epochHolds, presentEpoch } from './epochs.ts'
import { encodeNotify, encodeRecord, type GrantRecord, readRecord, type StoredGrant } from './grant-record.ts'
import { findGrant, findOwn } from './grant-row.ts'
import { indexIfMany, indexRemembered, isIndexed, isTold, tellAtEnd } from './indexes.ts'
import type { Owner } from './owner.ts'
import { type Grace, isWithinGrace } from './refresh.ts'
import type { Row } from './schema.ts'
import { findSession, isOpen } from './sessions.ts'
import { areTokensEnded, isEnded, isRemembered } from './standing.ts'
import { later, type Transaction, type View } from './transaction.ts'

export interface GrantInput {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** The flow's id, equal to `consent_request_id`. */
  readonly id: GrantId
  /** What the user consented to. */
  readonly record: GrantRecord
  /** The client's epoch, as `login` returned it. None of the client's grants may have been revoked since. */
  readonly epoch: number
  /** A digest of the consent decision: equal for a repeated verifier, different for another decision. */
  readonly digest: string
  /** The remembered consent because of which this one was skipped, else null. It must still be remembered. */
  readonly restsOn: GrantId | null
  /** When a remembered consent ends; null for never. */
  readonly consentExpiresAt: Seconds | null
  /** How long the code may be redeemed. */
  readonly codeLifetime: Seconds
  /** The lifetime of an access token that is issued together with the code; 0 for none. */
  readonly tokenLifetime: Seconds
  /** Whether the client is notified when the session ends. */
  readonly notify: boolean
  /** When everything that was sealed in this flow has expired. A revoked grant is kept as a tombstone until then. */
  readonly flowExpiresAt: Seconds
}

/** The answer for a grant that can be redeemed. */
export interface Granted {
  readonly status: 'granted'
  readonly codeExpiresAt: Seconds
  /** True for the attempt that committed the grant. */
  readonly first: boolean
  /** What that attempt tells the grants book; null for nothing new. Absent from ledgers of an older release. */
  readonly booking?: Booking | null
}

export type GrantResult =
  | Granted
  /** Another decision was already made for this flow. */
  | { readonly status: 'conflict' }
  /**
   * The session, the remembered consent, the epoch or the code ended, or the code was redeemed: a new flow is needed.
   */
  | { readonly status: 'ended' }

/** A grant that can be redeemed. */
export interface ConsentedGrant {
  /** The owner whose ledger holds the grant. */
  readonly owner: Owner
  readonly grantId: GrantId
  /** The client's epoch when the user consented. */
  readonly epoch: number
}

export interface InspectInput {
  /** The grant that the token names. */
  readonly id: GrantId
  /** The generation that the token names. */
  readonly generation: number
  /** How long a superseded generation keeps working. */
  readonly grace: Grace
  /** Which token is inspected. A superseded refresh token is active only while it has uses left. */
  readonly use: 'access_token' | 'refresh_token'
}

const ENDED: GrantResult = { status: 'ended' }

/** Commits a consent and its code. The same decision committed again gets the same answer. */
export function commitGrant(tx: Transaction, input: GrantInput): GrantResult {
  // After this time the tombstone of a revoked grant may be gone.
  if (input.flowExpiresAt <= tx.now) return ENDED
  const row = findGrant(tx, input.id)
  // A row that ended with others is no grant any more. Made anew, the tokens that it once gave would be good again.
  const isOver = row === undefined ? isStored(tx, input.id) : row.revoked === 1 || row.generation > 0
  if (isOver) return ENDED
  const session = findSession(tx, input.record.sid)
  if (!isOpen(session, tx.now) || !mayIssue(tx, session, input)) return ENDED
  if (row === undefined) return insert(tx, session, input)
  if (row.digest !== input.digest || row.client !== input.record.clientId) return { status: 'conflict' }
  if (row.code_expires <= tx.now) return ENDED
  return granted(tx, input, row.code_expires, row.attempt === input.attempt)
}

const isStored = ({ tables }: Transaction, id: GrantId): boolean =>
  tables.value('grants', id, 'revoked') !== undefined

function mayIssue(
  tx: Transaction,
  session: Row<'sessions'>,
  { record, epoch, restsOn }: GrantInput,
): boolean {
  return (
    session.subject === record.subject &&
    epochHolds(tx, record.clientId, epoch) &&
    (restsOn === null || isStillRemembered(tx, { id: restsOn, clientId: record.clientId }))
  )
}

function isStillRemembered(
  tx: Transaction,
  consent: { readonly id: GrantId; readonly clientId: ClientId },
): boolean {
  const row = findOwn(tx, consent)
  return row !== undefined && isRemembered(row, tx.now)
}

function insert(tx: Transaction, session: Row<'sessions'>, input: GrantInput): GrantResult {
  const { id, record, attempt, digest } = input
  const codeExpires = after(tx.now, input.codeLifetime)
  const tokensEnd = later(codeExpires, after(tx.now, input.tokenLifetime))
  const flowExpires = later(input.flowExpiresAt, tokensEnd)
  const skipped = input.restsOn !== null
  // A skipped consent rests on an earlier one and is not itself remembered.
  const remembered = record.remember && !skipped
  const consentEnds = remembered ? input.consentExpiresAt : null
  const expires = remembered ? later(flowExpires, consentEnds) : flowExpires
  const notify = input.notify ? encodeNotify(record) : ''
  const isNew = notify !== '' && !isTold(tx, session, [record.clientId, notify])
  if (remembered) endRemembered(tx, record.clientId)
  tx.tables.insert('grants', {
    id,
    client: record.clientId,
    sid: record.sid,
    skipped: Number(skipped),
    remembered: Number(remembered),
    consent_ends: consentEnds,
    granted_at: record.handledAt,
    digest,
    code_expires: codeExpires,
    flow_expires: flowExpires,
    attempt,
    expires,
    record: encodeRecord(record),
    rests_on: input.restsOn ?? '',
    tokens_end: tokensEnd,
    epoch: presentEpoch(tx),
    ...(isNew && !isIndexed(tx) && { notify }),
  })
  tx.wakeForLogin(flowExpires, later(expires, session.expires))
  if (isNew && isIndexed(tx)) tellAtEnd(tx, record.sid, [record.clientId, notify])
  if (remembered) indexRemembered(tx, { id, clientId: record.clientId })
  indexIfMany(tx)
  return granted(tx, input, codeExpires, true)
}

const granted = (view: View, input: GrantInput, codeExpiresAt: Seconds, first: boolean): Granted => ({
  status: 'granted',
  codeExpiresAt,
  first,
  ...(first && { booking: bookingOf(view, input, seconds(codeExpiresAt - input.codeLifetime)) }),
})

/** What is read of a grant to say whether its tokens are good, and what they say. */
const INSPECTED = [
  ...(['client', 'sid', 'granted_at', 'revoked', 'generation', 'recent', 'record'] as const),
  ...(['rests_on', 'epoch'] as const),
]

/** Returns the grant of a token; null if the grant is revoked or expired, or the token's generation is superseded. */
export function inspect(view: View, input: InspectInput): StoredGrant | null {
  const { id } = input
  const row = view.tables.findGrant(id, view.now, INSPECTED)
  if (row === undefined || row.revoked === 1 || isEnded(view, row) || areTokensEnded(view, row)) return null
  // After a restore a token may be newer than the row; `refresh` accepts such a token too. Generation 0 was issued
  // together with the code, and no refresh supersedes it.
  const good =
    input.generation === 0 || input.generation >= row.generation || isWithinGrace(row, input, view.nowMs)
  return good ? readRecord({ id, ...row }) : null
}
