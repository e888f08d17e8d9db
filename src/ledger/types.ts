import type { READS } from './reads.ts'
import type { WRITES } from './writes.ts'

/*
 * What the Worker and its ledgers say to each other. Every method is synchronous inside the Durable Object, and one
 * SQLite transaction where it writes (reads.ts, writes.ts). `attempt` names the HTTP request that asks, so a repeated
 * call after a lost reply gets the same answer. Times are seconds since the epoch unless the name ends in `Ms`;
 * lifetimes are seconds. What a method means stands with it; here is only what the Worker has to name.
 */

export type { RememberedConsent } from './consents.ts'
export type { EndSessionsInput } from './end-sessions.ts'
export type { CustomClaims, GrantRecord, StoredGrant } from './grant-record.ts'
export type { ConsentedGrant, GrantInput } from './grants.ts'
export type { HookStep } from './issue.ts'
export type { LogoutRecipient, Notice } from './notices.ts'
export type { RedeemResult } from './redeem.ts'
export type { RefreshResult } from './refresh.ts'
export type { RevokeGrantsInput } from './revocation.ts'
export type { LoginResult, SessionView } from './sessions.ts'

type Methods = typeof READS & typeof WRITES

/** Name of a method of a ledger. */
export type LedgerMethod = keyof Methods

/** What a method of a ledger is given; null where it needs nothing. */
export type Input<M extends LedgerMethod> =
  Parameters<Methods[M]> extends readonly [unknown, infer Given] ? Given : null

/** What it answers. */
export type Output<M extends LedgerMethod> = ReturnType<Methods[M]>
