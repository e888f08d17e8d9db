import { audienceAllowed, scopeAllowed } from '../util/scope.ts'
import { findGrant, type GrantRow, hookedRecord, readRecord } from './grant-row.ts'
import { revokeRow } from './revocation.ts'
import type { Grace, GrantRecord, InspectInput, RefreshInput, RefreshResult } from './types.ts'
import { later, type Work } from './work.ts'

/** A superseded generation: number, when it was superseded in ms, uses since, attempt of the last use. */
type Superseded = readonly [generation: number, atMs: number, uses: number, attempt: string | null]

/** How many superseded generations a row remembers. */
const REMEMBERED = 16

/** The rotation state of a grant, as far as the decision needs it. */
export type Rotation = Pick<GrantRow, 'generation' | 'attempt' | 'recent'>

/** What to do with a presented generation. */
export type RefreshDecision =
  | {
      readonly kind: 'advance'
      readonly via: 'advance' | 'fast_forward'
      readonly generation: number
      readonly recent: string
    }
  /** Answer with the current generation; `recent` only when a use has to be counted. */
  | { readonly kind: 'keep'; readonly via: 'repeat' | 'grace'; readonly recent: string | null }
  | { readonly kind: 'reuse' }

/**
 * Decides about a refresh token (RFC 9700 section 4.14.2; design section 3). Pure: same state, same decision.
 * @param nowMs ms since the epoch.
 */
export function decideRefresh(
  row: Rotation,
  input: Pick<RefreshInput, 'attempt' | 'generation' | 'grace'>,
  nowMs: number,
): RefreshDecision {
  const { generation: presented, attempt, grace } = input
  const recent = readRecent(row)
  if (presented >= row.generation) {
    const kept = [...recent, [presented, nowMs, 0, null] satisfies Superseded].slice(-REMEMBERED)
    const via = presented === row.generation ? 'advance' : 'fast_forward'
    return { kind: 'advance', via, generation: presented + 1, recent: JSON.stringify(kept) }
  }
  if (presented === row.generation - 1 && attempt === row.attempt)
    return { kind: 'keep', via: 'repeat', recent: null }
  const used = withinGrace(recent, presented, grace, nowMs)
  if (used === undefined) return { kind: 'reuse' }
  const [, atMs, uses, lastAttempt] = used
  if (grace.uses === 0) return { kind: 'keep', via: 'grace', recent: null }
  // A repeated call must not spend another use, or lost replies would end in "reuse".
  if (lastAttempt === attempt) return { kind: 'keep', via: 'grace', recent: null }
  if (uses >= grace.uses) return { kind: 'reuse' }
  const counted: Superseded = [presented, atMs, uses + 1, attempt]
  const next = recent.map((entry) => (entry === used ? counted : entry))
  return { kind: 'keep', via: 'grace', recent: JSON.stringify(next) }
}

/** Whether a superseded generation is still good for introspection and userinfo. */
export function isWithinGrace(row: Rotation, input: InspectInput, nowMs: number): boolean {
  const used = withinGrace(readRecent(row), input.generation, input.grace, nowMs)
  if (used === undefined) return false
  return input.use === 'access_token' || input.grace.uses === 0 || used[2] < input.grace.uses
}

function readRecent(row: Rotation): readonly Superseded[] {
  const recent: readonly Superseded[] = JSON.parse(row.recent)
  return recent
}

function withinGrace(
  recent: readonly Superseded[],
  generation: number,
  grace: Grace,
  nowMs: number,
): Superseded | undefined {
  return recent.find(([known, atMs]) => known === generation && nowMs - atMs < grace.seconds * 1000)
}

/** Refreshes a grant: every refusal comes before the first write, but for the reuse of a token (types.ts). */
export function refresh(work: Work, input: RefreshInput): RefreshResult {
  const row = findGrant(work, input.id)
  if (row === undefined || row.client !== input.clientId) return { status: 'gone' }
  if (row.revoked === 1) return { status: row.attempt === input.attempt ? 'reused' : 'gone' }
  const grant = readRecord(row)
  const refusal = refuse(grant, input)
  if (refusal !== undefined) return refusal
  const decision = decideRefresh(row, input, work.nowMs)
  const isAsked = input.hook === 'ask'
  if (decision.kind === 'reuse') {
    if (!isAsked) revokeRow(work, row, input.attempt, 0)
    return { status: 'reused' }
  }
  if (decision.kind === 'advance') {
    const { generation, via } = decision
    const record = input.hook === 'ask' ? row.record : advance(work, row, input, decision)
    return {
      status: 'issued',
      grant: readRecord({ id: row.id, record }),
      generation,
      issuedAt: work.now,
      via,
    }
  }
  if (decision.recent !== null && !isAsked) work.tables.update('grants', row.id, { recent: decision.recent })
  return { status: 'issued', grant, generation: row.generation, issuedAt: row.issued_at, via: decision.via }
}

function refuse(grant: GrantRecord, { limits }: RefreshInput): RefreshResult | undefined {
  const offline = grant.scope.some((scope) => scope === 'offline' || scope === 'offline_access')
  if (!offline) return { status: 'offline_not_granted' }
  const scope = grant.scope.find((value) => !scopeAllowed(limits.strategy, limits.scope, value))
  if (scope !== undefined) return { status: 'scope_lost', value: scope }
  const audience = grant.audience.find((value) => !audienceAllowed(limits.audience, value))
  return audience === undefined ? undefined : { status: 'audience_lost', value: audience }
}

/** Makes the next generation the current one, and returns the record it stands with. */
function advance(
  work: Work,
  row: GrantRow,
  input: RefreshInput,
  decision: { readonly generation: number; readonly recent: string },
): string {
  const record = hookedRecord(row, input.hook === 'ask' ? undefined : input.hook)
  const expires = later(row.expires, input.keepSeconds === null ? null : work.now + input.keepSeconds)
  const { generation, recent } = decision
  const { attempt } = input
  const advanced = { generation, issued_at: work.now, attempt, recent, expires, record }
  work.tables.update('grants', row.id, advanced)
  return record
}
