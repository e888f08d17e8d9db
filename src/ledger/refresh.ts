import { fitting, readStored } from '../errors/stored-json.ts'
import { type Milliseconds, msOf, type Seconds, seconds } from '../util/clock.ts'
import { isNumber, isText, listOf, orNull } from '../util/guard.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { audienceRule, scopeRule } from '../util/scope.ts'
import { type GrantRecord, readRecord } from './grant-record.ts'
import { findOwn, type GrantRow } from './grant-row.ts'
import type { InspectInput } from './grants.ts'
import { type HookStep, type IssuedGeneration, issue, issued, ungranted } from './issue.ts'
import { endTokens } from './revocation.ts'
import type { Transaction } from './transaction.ts'

export interface Grace {
  /** How long a superseded generation keeps working, seconds; 0 is strict rotation. */
  readonly seconds: Seconds
  /** How often it may be used in that time; 0 is unlimited. */
  readonly uses: number
}

/** The client's registered limits at this moment, re-checked before a refresh commits. */
export interface ClientLimits {
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly strategy: 'wildcard' | 'exact'
}

export interface RefreshInput {
  readonly attempt: string
  /** The grant and the generation that the token names. */
  readonly id: GrantId
  readonly clientId: ClientId
  readonly generation: number
  readonly grace: Grace
  readonly limits: ClientLimits
  /** As for `redeem`. */
  readonly resources?: readonly string[]
  /** As for `redeem`. */
  readonly keepSeconds: Seconds | null
  /** As for `redeem`. */
  readonly hook?: HookStep | undefined
}

export type RefreshResult =
  | (IssuedGeneration & { readonly via: 'advance' | 'repeat' | 'grace' | 'fast_forward' })
  | { readonly status: 'reused' }
  | { readonly status: 'gone' }
  | { readonly status: 'scope_lost'; readonly value: string }
  | { readonly status: 'audience_lost'; readonly value: string }
  | { readonly status: 'target_refused'; readonly value: string }
  | { readonly status: 'offline_not_granted' }

/** A superseded generation: number, when it was superseded in ms, uses since, attempt of the last use. */
type Superseded = readonly [generation: number, atMs: number, uses: number, attempt: string | null]

const isSuperseded = (value: unknown): value is Superseded =>
  Array.isArray(value) && value.length === 4 && value.slice(0, 3).every(isNumber) && orNull(isText)(value[3])

/** The content of `recent`. */
const readList = fitting(listOf(isSuperseded))

/** How many superseded generations a row remembers. */
const REMEMBERED = 16

/** The rotation state of a grant, as far as the decision needs it. */
type Rotation = Pick<GrantRow, 'generation' | 'attempt' | 'recent'>

/** The generation to answer a refresh with, and what to remember of superseded ones, unless that stays as it is. */
interface RefreshDecision {
  readonly via: 'advance' | 'repeat' | 'grace' | 'fast_forward'
  readonly generation: number
  readonly recent?: string
}

/**
 * Decides about a refresh token (RFC 9700 section 4.14.2; design section 3); undefined for one that was used before.
 * @param nowMs ms since the epoch.
 */
function decideRefresh(
  row: Rotation,
  { generation: presented, attempt, grace }: RefreshInput,
  nowMs: Milliseconds,
): RefreshDecision | undefined {
  const recent = readRecent(row)
  const { generation } = row
  if (presented >= generation) {
    const kept = [...recent, [presented, nowMs, 0, null] satisfies Superseded].slice(-REMEMBERED)
    const via = presented === generation ? 'advance' : 'fast_forward'
    return { via, generation: presented + 1, recent: JSON.stringify(kept) }
  }
  if (presented === generation - 1 && attempt === row.attempt) return { via: 'repeat', generation }
  const used = withinGrace(recent, presented, grace, nowMs)
  if (used === undefined) return undefined
  const [, atMs, uses, lastAttempt] = used
  // A repeated call must not spend another use, or lost replies would end in "reuse".
  if (grace.uses === 0 || lastAttempt === attempt) return { via: 'grace', generation }
  if (uses >= grace.uses) return undefined
  const counted: Superseded = [presented, atMs, uses + 1, attempt]
  const next = recent.map((entry) => (entry === used ? counted : entry))
  return { via: 'grace', generation, recent: JSON.stringify(next) }
}

/** Whether a superseded generation is still good for introspection and userinfo. */
export function isWithinGrace(row: Rotation, input: InspectInput, nowMs: Milliseconds): boolean {
  const used = withinGrace(readRecent(row), input.generation, input.grace, nowMs)
  if (used === undefined) return false
  return input.use === 'access_token' || input.grace.uses === 0 || used[2] < input.grace.uses
}

const readRecent = ({ recent }: Rotation): readonly Superseded[] =>
  readStored(recent, 'grants.recent', readList)

function withinGrace(
  recent: readonly Superseded[],
  generation: number,
  grace: Grace,
  nowMs: Milliseconds,
): Superseded | undefined {
  return recent.find(([known, atMs]) => known === generation && nowMs - atMs < msOf(grace.seconds))
}

/** Refreshes a grant: every refusal comes before the first write, but for the reuse of a token. */
export function refresh(tx: Transaction, input: RefreshInput): RefreshResult {
  const row = findOwn(tx, input)
  if (row === undefined) return { status: 'gone' }
  if (row.revoked === 1) return { status: row.attempt === input.attempt ? 'reused' : 'gone' }
  const refusal = refuse(readRecord(row), input)
  if (refusal !== undefined) return refusal
  const decision = decideRefresh(row, input, tx.nowMs)
  const commits = input.hook !== 'ask'
  if (decision === undefined) {
    if (commits) endTokens(tx, row, { attempt: input.attempt, flowLifetime: seconds(0) })
    return { status: 'reused' }
  }
  const { via, ...changes } = decision
  if (changes.generation > row.generation) return { ...issue(tx, row, input, changes), via }
  if (changes.recent !== undefined && commits) tx.tables.update('grants', row.id, changes)
  return { ...issued(row, row.generation, row.issued_at), via }
}

function refuse(grant: GrantRecord, { limits, resources = [] }: RefreshInput): RefreshResult | undefined {
  const offline = grant.scope.some((scope) => scope === 'offline' || scope === 'offline_access')
  if (!offline) return { status: 'offline_not_granted' }
  const mayHave = scopeRule(limits.strategy, limits.scope)
  const scope = grant.scope.find((value) => !mayHave(value))
  if (scope !== undefined) return { status: 'scope_lost', value: scope }
  const mayName = audienceRule(limits.audience)
  const audience = grant.audience.find((value) => !mayName(value))
  if (audience !== undefined) return { status: 'audience_lost', value: audience }
  const value = ungranted(grant, { resources })
  return value === undefined ? undefined : { status: 'target_refused', value }
}
