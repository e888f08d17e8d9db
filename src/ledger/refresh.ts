import { fitting, readStored } from '../errors/stored-json.ts'
import { type Milliseconds, milliseconds, msOf, type Seconds, seconds } from '../util/clock.ts'
import { arrayOf, isNumber, isText, orNull } from '../util/guard.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import { audienceRule, scopeRule } from '../util/scope.ts'
import { type AskingForEnds, endsAmong, type TellingEnds } from './booked.ts'
import { type GrantRecord, readRecord } from './grant-record.ts'
import { findOwn, type GrantRow } from './grant-row.ts'
import type { InspectInput } from './grants.ts'
import {
  type HookStep,
  type IssuedGeneration,
  isFamilyOver,
  isOffline,
  issue,
  issued,
  ungranted,
} from './issue.ts'
import { endTokens } from './revocation.ts'
import type { Transaction } from './transaction.ts'

/** How long refresh tokens keep working after they were used. */
export interface Grace {
  /** How long a superseded generation keeps working; 0 for strict rotation. */
  readonly seconds: Seconds
  /** How often it may be used in that time; 0 for unlimited. */
  readonly uses: number
}

/** What the client may have by its present registration. A refresh checks the grant against it again. */
export interface ClientLimits {
  /** The registered scopes. */
  readonly scope: readonly string[]
  /** The registered audience. */
  readonly audience: readonly string[]
  /** How a scope of the grant is matched with the registered ones. */
  readonly strategy: 'wildcard' | 'exact'
}

export interface RefreshInput extends AskingForEnds {
  /** The HTTP request that asks (types.ts). */
  readonly attempt: string
  /** The grant that the token names. */
  readonly id: GrantId
  /** The client that presents the token. A grant of another client is not found. */
  readonly clientId: ClientId
  /** The generation that the token names. */
  readonly generation: number
  readonly grace: Grace
  readonly limits: ClientLimits
  /** As for `redeem`. */
  readonly resources?: readonly string[]
  /** The part of the grant's scope that the access token is for; empty or absent for all of it. */
  readonly scope?: readonly string[]
  /** As for `redeem`. */
  readonly keepSeconds: Seconds | null
  /** As for `redeem`. */
  readonly familySeconds?: Seconds
  /** As for `redeem`. */
  readonly hook?: HookStep | undefined
}

/**
 * Why a generation was issued: `advance`, the token was the current one; `repeat`, the same request asked before;
 * `grace`, the token was superseded lately; `fast_forward`, the token is newer than the row, which a restore set back.
 */
type Via = 'advance' | 'repeat' | 'grace' | 'fast_forward'

export type RefreshResult =
  | (IssuedGeneration & { readonly via: Via })
  /** The token was used before, and all tokens of the grant are revoked. */
  | ({ readonly status: 'reused' } & TellingEnds)
  /** There is no such grant, it expired or was revoked. */
  | { readonly status: 'gone' }
  /** `value` is a granted scope that the client is no longer registered for. */
  | { readonly status: 'scope_lost'; readonly value: string }
  /** `value` is a granted audience that the client is no longer registered for. */
  | { readonly status: 'audience_lost'; readonly value: string }
  /** `value` is a requested scope that was not granted. */
  | { readonly status: 'scope_refused'; readonly value: string }
  /** `value` is a resource that was not granted. */
  | { readonly status: 'target_refused'; readonly value: string }
  | { readonly status: 'offline_not_granted' }

/** A superseded generation, with the number of its uses since and the attempt of the last use. */
type Superseded = readonly [generation: number, atMs: number, uses: number, attempt: string | null]

const isSuperseded = (value: unknown): value is Superseded =>
  Array.isArray(value) && value.length === 4 && value.slice(0, 3).every(isNumber) && orNull(isText)(value[3])

/** The content of `recent`. */
const readList = fitting(arrayOf(isSuperseded))

/** How many superseded generations a row remembers. */
const MAX_SUPERSEDED = 16

/** The columns of a grant that a refresh is decided by. */
type RotationState = Pick<GrantRow, 'generation' | 'attempt' | 'recent'>

/** How a refresh is answered. */
interface RefreshDecision {
  readonly via: Via
  /** The generation to answer with. */
  readonly generation: number
  /** The new value of `recent`; absent if it stays as it is. */
  readonly recent?: string
}

/**
 * Decides how to answer a refresh token (RFC 9700 section 4.14.2; design section 3). Returns undefined if the token was
 * used before, which is reuse.
 * @param nowMs ms since the epoch.
 */
function decideRefresh(
  row: RotationState,
  { generation: presented, attempt, grace }: RefreshInput,
  nowMs: Milliseconds,
): RefreshDecision | undefined {
  const recent = readRecent(row)
  const { generation } = row
  if (presented >= generation) {
    const kept = [...recent, [presented, nowMs, 0, null] satisfies Superseded].slice(-MAX_SUPERSEDED)
    const via = presented === generation ? 'advance' : 'fast_forward'
    return { via, generation: presented + 1, recent: JSON.stringify(kept) }
  }
  if (presented === generation - 1 && attempt === row.attempt) return { via: 'repeat', generation }
  const used = withinGrace(recent, presented, grace, nowMs)
  if (used === undefined) return undefined
  const [, atMs, uses, lastAttempt] = used
  // A repeated call must not count as another use, or lost replies would end in "reuse".
  if (grace.uses === 0 || lastAttempt === attempt) return { via: 'grace', generation }
  if (uses >= grace.uses) return undefined
  const counted: Superseded = [presented, atMs, uses + 1, attempt]
  const next = recent.map((entry) => (entry === used ? counted : entry))
  return { via: 'grace', generation, recent: JSON.stringify(next) }
}

/** Whether a superseded generation still counts as active for introspection and userinfo. */
export function isWithinGrace(
  row: Pick<RotationState, 'recent'>,
  input: InspectInput,
  nowMs: Milliseconds,
): boolean {
  const used = withinGrace(readRecent(row), input.generation, input.grace, nowMs)
  if (used === undefined) return false
  return input.use === 'access_token' || input.grace.uses === 0 || used[2] < input.grace.uses
}

const readRecent = ({ recent }: Pick<RotationState, 'recent'>): readonly Superseded[] =>
  readStored(recent, 'grants.recent', readList)

/** When a generation was superseded, as far as the row remembers; null if it does not. */
export function supersededAt(row: RotationState, generation: number): Milliseconds | null {
  const at = readRecent(row).find(([known]) => known === generation)?.[1]
  return at === undefined ? null : milliseconds(at)
}

function withinGrace(
  recent: readonly Superseded[],
  generation: number,
  grace: Grace,
  nowMs: Milliseconds,
): Superseded | undefined {
  return recent.find(([known, atMs]) => known === generation && nowMs - atMs < msOf(grace.seconds))
}

/** Refreshes a grant. Every refusal changes nothing, except reuse, which revokes the grant's tokens. */
export function refresh(tx: Transaction, input: RefreshInput): RefreshResult {
  const row = findOwn(tx, input)
  if (row === undefined) return { status: 'gone' }
  if (row.revoked === 1) return row.attempt === input.attempt ? reused(tx, input) : { status: 'gone' }
  const grant = readRecord(row)
  if (isFamilyOver(tx, grant, input)) return { status: 'gone' }
  const refusal = refuse(grant, input)
  if (refusal !== undefined) return refusal
  const decision = decideRefresh(row, input, tx.nowMs)
  const commits = input.hook !== 'ask'
  if (decision === undefined) {
    const ending = { by: 'refresh_token_reused', at: tx.now } as const
    if (commits) endTokens(tx, row, { attempt: input.attempt, flowLifetime: seconds(0) }, ending)
    return reused(tx, input)
  }
  const { via, ...changes } = decision
  if (changes.generation > row.generation) return { ...issue(tx, row, grant, input, changes), via }
  if (changes.recent !== undefined && commits) tx.tables.update('grants', row.id, changes)
  return { ...issued(grant, row.generation, row.issued_at), via }
}

const reused = (tx: Transaction, input: RefreshInput): RefreshResult => ({
  status: 'reused',
  ...endsAmong(tx, input, [input.clientId]),
})

function refuse(
  grant: GrantRecord,
  { limits, resources = [], scope: wanted = [] }: RefreshInput,
): RefreshResult | undefined {
  if (!isOffline(grant)) return { status: 'offline_not_granted' }
  const mayHave = scopeRule(limits.strategy, limits.scope)
  const scope = grant.scope.find((value) => !mayHave(value))
  if (scope !== undefined) return { status: 'scope_lost', value: scope }
  const mayName = audienceRule(limits.audience)
  const audience = grant.audience.find((value) => !mayName(value))
  if (audience !== undefined) return { status: 'audience_lost', value: audience }
  const granted = new Set(grant.scope)
  const wider = wanted.find((requested) => !granted.has(requested))
  if (wider !== undefined) return { status: 'scope_refused', value: wider }
  const value = ungranted(grant, { resources })
  return value === undefined ? undefined : { status: 'target_refused', value }
}
