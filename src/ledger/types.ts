import type {
  DeviceInput,
  DeviceRequestView,
  PollInput,
  PollResult,
  SettleInput,
  SettleResult,
} from './device-types.ts'
import type {
  GrantInput,
  GrantResult,
  InspectInput,
  ListGrantsInput,
  RedeemInput,
  RedeemResult,
  RefreshInput,
  RefreshResult,
  RevokeGrantInput,
  RevokeGrantsInput,
  StoredGrant,
} from './grant-types.ts'
import type {
  EndedSessions,
  EndSessionsInput,
  LoginInput,
  LoginResult,
  SessionView,
} from './session-types.ts'

export type * from './device-types.ts'
export type * from './grant-types.ts'
export type * from './session-types.ts'

export interface ConsumeInput {
  readonly attempt: string
  readonly id: string
  readonly expiresAt: number
}

export interface DirectoryEntry {
  readonly sid: string
  readonly owner: string
}

export interface BlobInput {
  readonly id: string
  readonly data: string
  readonly expiresAt: number
}

/**
 * What a ledger can be asked; the Durable Object answers it, the ledger client calls it. Every method is synchronous inside the Durable Object and one SQLite transaction;
 * `attempt` names the HTTP request that asks, so a repeated call after a lost reply gets the same answer.
 * Times are seconds since the epoch unless the name ends in `Ms`; lifetimes are seconds.
 */
export interface LedgerMethods {
  ping(input: null): 'ok'
  session(input: { readonly sid: string }): SessionView | null
  /** When all sessions of the subject were last ended, ms, as far as logins under way need to know; else 0. */
  loginEpoch(input: null): number
  login(input: LoginInput): LoginResult
  endSessions(input: EndSessionsInput): EndedSessions
  /** Strikes out notices that reached their client, or never will. */
  settleNotices(input: { readonly ids: readonly string[] }): null
  grant(input: GrantInput): GrantResult
  redeem(input: RedeemInput): RedeemResult
  refresh(input: RefreshInput): RefreshResult
  inspect(input: InspectInput): StoredGrant | null
  listGrants(input: ListGrantsInput): readonly StoredGrant[]
  countGrants(input: { readonly sid: string | null }): number
  /** Revokes the family of a presented token, not the consent; false when it was gone or another client's. */
  revokeGrant(input: RevokeGrantInput): { readonly revoked: boolean }
  /** Ends consents with all tokens that rest on them. */
  revokeGrants(input: RevokeGrantsInput): { readonly revoked: readonly string[] }
  /** Marks an id as spent; `first` is true for the attempt that did it. */
  consumeId(input: ConsumeInput): { readonly first: boolean }
  isConsumed(input: { readonly id: string }): boolean
  /** Notes whose a session id is; the first owner keeps it, and is returned. */
  bindSession(input: DirectoryEntry): { readonly owner: string }
  unbindSessions(input: { readonly sids: readonly string[] }): null
  /** Owners of sessions whose id starts with the given prefix (contract: a sid, or the part a consent_request_id shares with it). */
  owners(input: { readonly prefix: string }): readonly DirectoryEntry[]
  putBlob(input: BlobInput): null
  getBlob(input: { readonly id: string }): string | null
  openDevice(input: DeviceInput): { readonly opened: boolean }
  findDevice(input: null): DeviceRequestView | null
  pollDevice(input: PollInput): PollResult
  settleDevice(input: SettleInput): SettleResult
  /** Notes that a network tries a user code; whether it may. */
  guess(input: { readonly attempt: string }): boolean
}

/** Name of a method of a ledger. */
export type LedgerMethod = keyof LedgerMethods

/** What a method of a ledger is given. */
export type Input<M extends LedgerMethod> = Parameters<LedgerMethods[M]>[0]

/** What it answers. */
export type Output<M extends LedgerMethod> = ReturnType<LedgerMethods[M]>
