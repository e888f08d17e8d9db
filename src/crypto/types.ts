import type { JWK } from 'jose'
import type { Seconds } from '../util/clock.ts'

/** The kinds of sealed envelopes. The kind is authenticated, so one kind never opens as another. */
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
  | 'id_token_hint'
  | 'code'
  | 'access_token'
  | 'access_jti'
  | 'refresh_token'
  | 'credential_nonce'
  | 'pairwise_sid'
  | 'registration_token'
  | 'initial_access_token'
  | 'session'
  | 'browser'
  | 'page_token'
  | 'signing_key'
  | 'demo'

/** The content of an envelope. */
export interface Opened {
  /** Seconds since the epoch; null for never. */
  readonly expiresAt: Seconds | null
  /** JSON. */
  readonly data: unknown
}

/** A stored root key. */
export interface RootKeyRow {
  readonly id: string
  /** The key, sealed under a key that is derived from a system secret. */
  readonly sealed: string
  /** Seconds since the epoch. */
  readonly createdAt: number
}

/** Where root keys are stored. Implemented in `store`. */
export interface RootKeySource {
  /** Returns all rows, from the primary database if `fresh`. */
  list(fresh: boolean): Promise<readonly RootKeyRow[]>
  /** Stores the first key if there is none yet: of concurrent callers one stores its key. Returns all rows. */
  insertFirst(row: RootKeyRow): Promise<readonly RootKeyRow[]>
  /** Replaces the sealed key of a row after a system secret was rotated, if it is still `from`. */
  rewrap(id: string, from: string, to: string): Promise<void>
}

/** A stored signing key. */
export interface SigningKeyRow {
  /** The name of its key set. */
  readonly set: string
  readonly kid: string
  readonly alg: string
  readonly publicJwk: JWK
  /** An envelope of kind `signing_key`. */
  readonly privateSealed: string
  /** Seconds since the epoch. */
  readonly createdAt: number
}

/** Where signing keys are stored. Implemented in `store`. Rows are returned newest first. */
export interface SigningKeySource {
  /** Returns the rows of a set, from the primary database if `fresh`. */
  list(set: string, fresh: boolean): Promise<readonly SigningKeyRow[]>
  /** Reads the rows of a set from the primary database. */
  read(set: string): Promise<readonly SigningKeyRow[]>
}

/** What administrators do with stored keys. */
export interface KeySource extends SigningKeySource {
  /**
   * Stores a key unless its set has another one that can sign: of concurrent callers one stores its key. Returns all
   * rows of the set.
   *
   * @param unable - the kids of the keys in the set that cannot sign
   */
  insertFirst(row: SigningKeyRow, unable: readonly string[]): Promise<readonly SigningKeyRow[]>
  /** Stores a key. Returns false if its set has a key of that kid. */
  add(row: SigningKeyRow): Promise<boolean>
  /** Stores new keys of a set, newest first, in one step. */
  addAll(set: string, rows: readonly SigningKeyRow[]): Promise<void>
  /**
   * Replaces keys of a set. Returns the kids that were removed.
   *
   * @param kid - the key to replace; null for all keys of the set
   * @param rows - the new keys, newest first
   */
  replace(set: string, kid: string | null, rows: readonly SigningKeyRow[]): Promise<readonly string[]>
}

/** A key that can sign. `key` must stay the same object, since each object is imported once. */
export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly key: JWK
}
