import type { JWK } from 'jose'
import type { Seconds } from '../util/clock.ts'

/** Kinds of sealed envelope; the kind is authenticated, so one kind never opens as another. */
export type EnvelopeKind =
  | 'login_challenge'
  | 'login_verifier'
  | 'consent_challenge'
  | 'consent_verifier'
  | 'logout_challenge'
  | 'logout_verifier'
  | 'device_challenge'
  | 'device_verifier'
  | 'device_code'
  | 'error_notice'
  | 'code'
  | 'access_token'
  | 'access_jti'
  | 'refresh_token'
  | 'credential_nonce'
  | 'pairwise_sid'
  | 'registration_token'
  | 'session'
  | 'page_token'
  | 'signing_key'
  | 'demo'

/** Plain content of an envelope: JSON data and when it stops being good (seconds since the epoch; null never). */
export interface Opened {
  readonly expiresAt: Seconds | null
  readonly data: unknown
}

/** A root key row as stored: the key sealed under a key derived from a system secret. */
export interface RootKeyRow {
  readonly id: string
  readonly sealed: string
  readonly createdAt: number
}

/** Where root keys are kept; implemented by the store. */
export interface RootKeySource {
  /** All rows, from the primary when `fresh`. */
  list(fresh: boolean): Promise<readonly RootKeyRow[]>
  /** Stores the first key if there is none yet; racing callers end with one. Returns all rows. */
  insertFirst(row: RootKeyRow): Promise<readonly RootKeyRow[]>
  /** Replaces the sealed form of a row after the system secret was rotated, if it still is `from`. */
  rewrap(id: string, from: string, to: string): Promise<void>
}

/** A signing key row as stored. `privateSealed` is an envelope of kind `signing_key`. */
export interface SigningKeyRow {
  readonly set: string
  readonly kid: string
  readonly alg: string
  readonly publicJwk: JWK
  readonly privateSealed: string
  readonly createdAt: number
}

/** Where signing keys are kept; implemented by the store. Rows come newest first. */
export interface SigningKeySource {
  /** The rows of a set, from the primary when `fresh`. */
  list(set: string, fresh: boolean): Promise<readonly SigningKeyRow[]>
  /** Stores a key unless the set has any other than those named; racing callers end with one. Returns all rows. */
  insertFirst(row: SigningKeyRow, unable: readonly string[]): Promise<readonly SigningKeyRow[]>
}

/** What administrators do to keys, beyond their use. */
export interface KeySource extends SigningKeySource {
  /** The rows of a set from the primary, asked now. */
  read(set: string): Promise<readonly SigningKeyRow[]>
  /** Stores a key; false when its set has one of that kid. */
  add(row: SigningKeyRow): Promise<boolean>
  /** Replaces one key of a set, or with null all of them, by others, newest first; returns the kids that were removed. */
  replace(set: string, kid: string | null, rows: readonly SigningKeyRow[]): Promise<readonly string[]>
}

/** A key ready to sign with; jose imports it once, as long as it is the same object. */
export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly key: JWK
}
