import { endOlderConsents } from './consents.ts'
import { epochHolds } from './epochs.ts'
import { encodeNotify, encodeRecord, findGrant, findOwn, readRecord } from './grant-row.ts'
import type { GrantInput, GrantResult, InspectInput, StoredGrant } from './grant-types.ts'
import { isWithinGrace } from './refresh.ts'
import { findSession, isOpen } from './sessions.ts'
import { isRemembered } from './standing.ts'
import { later, type Work } from './work.ts'

const ENDED: GrantResult = { status: 'ended' }

/** Commits a consent and the code that goes with it; the same decision again gets the same answer (types.ts). */
export function commitGrant(work: Work, input: GrantInput): GrantResult {
  // From then on the tombstone of a revoked grant may be gone.
  if (input.flowExpiresAt <= work.now) return ENDED
  const row = findGrant(work, input.id)
  if (row !== undefined && (row.revoked === 1 || row.generation > 0)) return ENDED
  if (!mayIssue(work, input)) return ENDED
  if (row === undefined) return insert(work, input)
  if (row.digest !== input.digest || row.client !== input.record.clientId) return { status: 'conflict' }
  if (row.code_expires <= work.now) return ENDED
  return { status: 'granted', codeExpiresAt: row.code_expires, first: row.attempt === input.attempt }
}

function mayIssue(work: Work, { record, epoch, restsOn }: GrantInput): boolean {
  const session = findSession(work, record.sid)
  return (
    isOpen(session, work.now) &&
    session.subject === record.subject &&
    epochHolds(work, record.clientId, epoch) &&
    (restsOn === null || counts(work, { id: restsOn, clientId: record.clientId }))
  )
}

function counts(work: Work, consent: { readonly id: string; readonly clientId: string }): boolean {
  const row = findOwn(work, consent)
  return row !== undefined && isRemembered(row, work.now)
}

function insert(work: Work, input: GrantInput): GrantResult {
  const { id, record, attempt, digest } = input
  const codeExpires = work.now + input.codeLifetime
  const tokensEnd = Math.max(codeExpires, work.now + input.tokenLifetime)
  const flowExpires = Math.max(input.flowExpiresAt, tokensEnd)
  const skipped = input.restsOn !== null
  // A skipped consent rests on an earlier one and is not itself remembered.
  const remembered = record.remember && !skipped
  const consentEnds = remembered ? input.consentExpiresAt : null
  const expires = remembered ? later(flowExpires, consentEnds) : flowExpires
  work.tables.insert('grants', {
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
    notify: input.notify ? encodeNotify(record) : '',
    rests_on: input.restsOn ?? '',
    tokens_end: tokensEnd,
  })
  work.wake(expires)
  if (remembered) endOlderConsents(work, { id, clientId: record.clientId })
  return { status: 'granted', codeExpiresAt: codeExpires, first: true }
}

/** The grant behind a token; null when it is revoked or expired, or the token's generation is no longer good. */
export function inspect(work: Work, input: InspectInput): StoredGrant | null {
  const row = findGrant(work, input.id)
  if (row === undefined || row.revoked === 1) return null
  // Newer than current happens after a restore; `refresh` takes such a token for good too. Generation 0 came beside
  // the code, and no refresh supersedes it.
  const good =
    input.generation === 0 || input.generation >= row.generation || isWithinGrace(row, input, work.nowMs)
  return good ? readRecord(row) : null
}
