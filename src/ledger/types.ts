import type { Json, JsonObject } from '../util/json.ts'

/**
 * What a ledger answers to. Every method is synchronous inside the Durable Object and one SQLite transaction;
 * `attempt` names the HTTP request that asks, so a repeated call after a lost reply gets the same answer.
 * Times are seconds since the epoch unless the name ends in `Ms`; lifetimes are seconds.
 */

/** A grant as it was consented to: written once, read by every token operation. */
export interface GrantRecord {
  readonly subject: string
  readonly clientId: string
  /** Which creation of the client this was consented for. */
  readonly instance: string
  readonly sid: string
  /** Raw query of the authorization request, without the leading `?`. */
  readonly query: string
  readonly requestedAt: number
  readonly authTime: number
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly requestedScope: readonly string[]
  readonly requestedAudience: readonly string[]
  readonly nonce: string | null
  readonly acr: string
  readonly amr: readonly string[]
  readonly remember: boolean
  readonly rememberFor: number
  readonly handledAt: number
  /** Custom claims the consent app gave for each kind of token. */
  readonly accessTokenClaims: JsonObject
  readonly idTokenClaims: JsonObject
  readonly context: Json
  /** Set when a device asked: the query is no authorization request then. */
  readonly device?: true
  /** What a pairwise client knows subject and session by. */
  readonly shown?: { readonly sub: string; readonly sid: string } | undefined
}

export interface StoredGrant extends GrantRecord {
  readonly id: string
}

/** Custom claims for each kind of token. */
export type CustomClaims = Pick<GrantRecord, 'accessTokenClaims' | 'idTokenClaims'>

/** Of a call that issues beside a token hook: `ask` says what would be issued and writes nothing; claims go into the commit. */
export type HookStep = 'ask' | CustomClaims

/** A login session as `authorize` sees it. */
export interface SessionView {
  readonly sid: string
  readonly subject: string
  readonly authTime: number
  readonly remember: boolean
}

export interface LoginInput {
  readonly attempt: string
  readonly sid: string
  readonly subject: string
  readonly clientId: string
  readonly instance: string
  /** The login epoch this flow has seen; 0 if none. A login from before "end all sessions" is stale. */
  readonly epoch: number
  readonly authTime: number
  readonly remember: boolean
  /** True when an existing session was recognised: it must still be there, and nothing is created. */
  readonly skip: boolean
  /** New end of the session; for `skip`, null leaves it as it is (`extend_session_lifespan`). */
  readonly expiresAt: number | null
  /** Until when anything sealed in this flow lives, its code included: an ended session is remembered that long. */
  readonly flowExpiresAt: number
  /** A session of the same owner that this login replaces, if any. */
  readonly replaces: string | null
}

export type LoginResult =
  | {
      readonly status: 'active'
      /** Sealed into the consent challenge; compared when the grant is committed. */
      readonly epoch: number
      /** Scopes of the newest remembered, not skipped, not expired grant of this client; null if there is none. */
      readonly rememberedScope: readonly string[] | null
    }
  | { readonly status: 'ended' }
  /** All sessions of the subject were ended lately, and this login does not know it: log in again, sealing `epoch`. */
  | { readonly status: 'stale'; readonly epoch: number }

export interface GrantInput {
  readonly attempt: string
  /** The flow's id, equal to `consent_request_id`. */
  readonly id: string
  readonly record: GrantRecord
  readonly epoch: number
  /** Digest of the consent decision: equal for a repeated verifier, different for another decision. */
  readonly digest: string
  /** True when the consent was skipped because an earlier one was remembered: such grants are not listed. */
  readonly skipped: boolean
  /** When a remembered consent ends; null for never. */
  readonly consentExpiresAt: number | null
  readonly codeLifetime: number
  /** Of an access token that is given out at once, seconds; 0 for none. */
  readonly tokenLifetime: number
  /** Whether the client is to be told when the session ends. */
  readonly notify: boolean
  readonly flowExpiresAt: number
}

export type GrantResult =
  | { readonly status: 'granted'; readonly codeExpiresAt: number; readonly first: boolean }
  /** Another decision was made for this flow already. */
  | { readonly status: 'conflict' }
  /** The session ended, the epoch moved on, or the code is already redeemed: start afresh. */
  | { readonly status: 'ended' }

export interface RedeemInput {
  readonly attempt: string
  readonly id: string
  readonly clientId: string
  readonly epoch: number
  /** How long the row must be kept for the tokens that are about to be issued; null for ever. */
  readonly keepSeconds: number | null
  /** Set for a device, which may ask twice for want of an answer: a second redemption just fails. */
  readonly spareReused?: boolean
  readonly hook?: HookStep | undefined
}

/** What tokens are made of. */
export interface IssuedGeneration {
  readonly status: 'issued'
  readonly grant: StoredGrant
  readonly generation: number
  /** When the generation was made: all its callers get tokens with the same times. */
  readonly issuedAt: number
}

export type RedeemResult =
  | IssuedGeneration
  /** Second redemption; where it revokes the family, that is done. */
  | { readonly status: 'reused' }
  | { readonly status: 'gone' }

/** The client's registered limits at this moment, re-checked before a refresh commits. */
export interface ClientLimits {
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly strategy: 'wildcard' | 'exact'
}

export interface Grace {
  /** How long a superseded generation keeps working, seconds; 0 is strict rotation. */
  readonly seconds: number
  /** How often it may be used in that time; 0 is unlimited. */
  readonly uses: number
}

export interface RefreshInput {
  readonly attempt: string
  readonly id: string
  readonly clientId: string
  readonly generation: number
  readonly grace: Grace
  readonly limits: ClientLimits
  readonly keepSeconds: number | null
  readonly hook?: HookStep | undefined
}

export type RefreshResult =
  | (IssuedGeneration & { readonly via: 'advance' | 'repeat' | 'grace' | 'fast_forward' })
  | { readonly status: 'reused' }
  | { readonly status: 'gone' }
  | { readonly status: 'scope_lost'; readonly value: string }
  | { readonly status: 'audience_lost'; readonly value: string }
  | { readonly status: 'offline_not_granted' }

export interface InspectInput {
  readonly id: string
  readonly generation: number
  readonly grace: Grace
  /** A superseded refresh token is active only while uses are left; an access token does not count uses. */
  readonly use: 'access_token' | 'refresh_token'
}

/** A consent session for the admin list; `skipped`, revoked and elapsed ones are left out. */
export interface ListGrantsInput {
  readonly sid: string | null
  readonly after: string | null
  readonly limit: number
}

export interface RevokeGrantsInput {
  readonly attempt: string
  /** What to revoke: one grant, all of one client, or all of the subject. */
  readonly target: { readonly id: string } | { readonly clientId: string } | 'all'
  readonly flowLifetime: number
}

export interface RevokeGrantInput {
  readonly attempt: string
  readonly id: string
  readonly clientId: string
  readonly flowLifetime: number
}

export interface EndSessionsInput {
  readonly attempt: string
  readonly target: { readonly sid: string } | 'all'
  readonly flowLifetime: number
  /** Whether the sessions' clients are told; not when a new login takes a session's place. */
  readonly notify: boolean
  /** Whether the sessions' tokens are revoked. */
  readonly revoke: boolean
}

/** A client that wants to know of a session's end. */
export interface Told {
  readonly client: string
  /** Instance of the client that was given a grant: another one of its id is not told. */
  readonly instance: string
  /** As the client knows them. */
  readonly subject: string
  readonly sid: string
}

/** One that is still to be told of it (OIDC Back-Channel Logout 1.0). */
export interface Notice extends Told {
  /** `jti` of the logout token, the same at every try. */
  readonly id: string
}

export interface EndedSessions {
  readonly ended: readonly string[]
  readonly notices: readonly Notice[]
  /** Clients of the sessions in question, whoever ended them and when. */
  readonly told: readonly Told[]
  /** Grants that were revoked with their session. */
  readonly revoked: readonly string[]
}

export interface SpendInput {
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

/** A grant to be redeemed: whose, which, and the epoch its consent was given in. */
export interface ConsentedGrant {
  readonly owner: string
  readonly grantId: string
  readonly epoch: number
}

export interface DeviceInput {
  readonly attempt: string
  /** Random: a user code may come again for another device. */
  readonly id: string
  /** What the device asked for, as a query. */
  readonly request: string
  readonly expiresAt: number
}

export type DeviceRequestView = Omit<DeviceInput, 'attempt'>

export interface PollInput {
  readonly id: string
  readonly intervalMs: number
}

export type PollResult =
  | { readonly status: 'pending' | 'slow_down' | 'denied' | 'gone' }
  | { readonly status: 'approved'; readonly grant: ConsentedGrant }

export interface SettleInput {
  readonly attempt: string
  readonly id: string
  /** The grant that the user gave the device; null is a denial. */
  readonly grant: ConsentedGrant | null
}

export type SettleResult =
  | { readonly status: 'settled'; readonly first: boolean }
  /** Settled otherwise before. */
  | { readonly status: 'taken' }
  | { readonly status: 'gone' }

/** What a ledger can be asked; the Durable Object answers it, the ledger client calls it. */
export interface LedgerMethods {
  ping(input: null): 'ok'
  session(input: { readonly sid: string }): SessionView | null
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
  /** Revokes the family of a presented token; false when it was gone or another client's. */
  revokeGrant(input: RevokeGrantInput): { readonly revoked: boolean }
  revokeGrants(input: RevokeGrantsInput): { readonly revoked: readonly string[] }
  /** Marks an id as spent; `first` is true for the attempt that did it. */
  spend(input: SpendInput): { readonly first: boolean }
  isSpent(input: { readonly id: string }): boolean
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
