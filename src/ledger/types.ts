import type { READS } from './reads.ts'
import type { WRITES } from './writes.ts'

/*
 * The types of the calls from the Worker to its ledgers. Every method is synchronous inside the Durable Object, and one
 * SQLite transaction if it may write (reads.ts, writes.ts). `attempt` names the HTTP request that asks: a call that is
 * repeated after a lost reply has the same attempt and gets the same answer. Times are seconds since the epoch unless
 * the name ends in `Ms`; lifetimes are seconds. Each method is documented where it is defined; this file exports the
 * types that the Worker names.
 */

export type { Allowance } from './allowances.ts'
export type { Ends } from './booked.ts'
export type { ChangeTags } from './changes.ts'
export type { ListedConsent, ListGrantsInput, RememberedConsent } from './consents.ts'
export type { EndSessionsInput } from './end-sessions.ts'
export type { CustomClaims, GrantRecord, StoredGrant } from './grant-record.ts'
export type { ConsentedGrant, Granted, GrantInput } from './grants.ts'
export type { InitialAccessView } from './initial-access.ts'
export type { HookStep, IssuedGeneration } from './issue.ts'
export type { ClientNotice, LogoutRecipient, Notice, ProviderNotice } from './notices.ts'
export type { RedeemResult } from './redeem.ts'
export type { RefreshResult } from './refresh.ts'
export type { Revoked, RevokeGrantsInput } from './revocation.ts'
export type { EndedBy } from './schema.ts'
export type { ListedSession, ListSessionsInput } from './session-list.ts'
export type { LoginResult, SessionView } from './sessions.ts'
export type { DeviceStory, GrantStory, SessionStory, Story } from './story.ts'
export type { Held, HeldPlace } from './subject.ts'

type Methods = typeof READS & typeof WRITES

/** The name of a method of a ledger. */
export type LedgerMethod = keyof Methods

/** The input of a method; null if it needs none. */
export type Input<M extends LedgerMethod> =
  Parameters<Methods[M]> extends readonly [unknown, infer Given] ? Given : null

/** The answer of a method. */
export type Output<M extends LedgerMethod> = ReturnType<Methods[M]>
