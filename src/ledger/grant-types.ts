import type { Json, JsonObject } from '../util/json.ts'

/** A grant as it was consented to: written once, read by every token operation. */
export interface GrantRecord {
  readonly subject: string
  readonly clientId: string
  /** Which creation of the client this was consented for. */
  readonly instance: string
  /** The client's consent epoch then, unless 0: remembered for another one it does not count. */
  readonly consentEpoch?: number
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
  /** How it was asked for, where the client did not send the browser itself: the query is no authorization request then. */
  readonly channel?: string | undefined
  /** What a pairwise client knows subject and session by. */
  readonly pairwise?: { readonly sub: string; readonly sid: string } | undefined
}

export interface StoredGrant extends GrantRecord {
  readonly id: string
}

/** Custom claims for each kind of token. */
export type CustomClaims = Pick<GrantRecord, 'accessTokenClaims' | 'idTokenClaims'>

/** Of a call that issues beside a token hook: `ask` says what would be issued and writes nothing; claims go into the commit. */
export type HookStep = 'ask' | CustomClaims

export interface GrantInput {
  readonly attempt: string
  /** The flow's id, equal to `consent_request_id`. */
  readonly id: string
  readonly record: GrantRecord
  readonly epoch: number
  /** Digest of the consent decision: equal for a repeated verifier, different for another decision. */
  readonly digest: string
  /** The remembered consent because of which this one was skipped: it must still count, and is listed for both. */
  readonly restsOn: string | null
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
  /** Session or remembered consent ended, the epoch moved on, or the code is already redeemed: start afresh. */
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
  /** What of the grant's audience the token is to be for; none for all of it. */
  readonly resources?: readonly string[]
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
  /** A resource that was not granted; nothing changes. */
  | { readonly status: 'target_refused'; readonly value: string }

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
  /** As for `redeem`. */
  readonly resources?: readonly string[]
  readonly keepSeconds: number | null
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

export interface InspectInput {
  readonly id: string
  readonly generation: number
  readonly grace: Grace
  /** A superseded refresh token is active only while uses are left; an access token does not count uses. */
  readonly use: 'access_token' | 'refresh_token'
}

/** Consent sessions for the admin list: those remembered or on which live tokens rest, `skipped` ones never. */
export interface ListGrantsInput {
  readonly sid: string | null
  readonly after: string | null
  readonly limit: number
}

export interface RevokeGrantsInput {
  readonly attempt: string
  /** What to revoke: one consent with what rests on it, all of one client, or all of the subject. */
  readonly target: { readonly id: string } | { readonly clientId: string } | 'all'
  readonly flowLifetime: number
}

export interface RevokeGrantInput {
  readonly attempt: string
  readonly id: string
  readonly clientId: string
  readonly flowLifetime: number
}

/** A grant to be redeemed: whose, which, and the epoch its consent was given in. */
export interface ConsentedGrant {
  readonly owner: string
  readonly grantId: string
  readonly epoch: number
}
