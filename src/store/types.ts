import type * as v from 'valibot'
import type { Seconds } from '../util/clock.ts'
import type { ClientId } from '../util/ids.ts'
import type { initialAccess } from './client-field.ts'
import type { ClientBounds, ClientMetadata } from './client-metadata.ts'

export type { JwkSet } from './client-field.ts'
export type { ClientBounds, ClientMetadata, LifespanField } from './client-metadata.ts'

/** The initial access token that a client registered itself with. */
export type InitialAccess = Readonly<v.InferOutput<typeof initialAccess>>

/** A registered client as D1, KV and memory hold it. */
export interface ClientRecord {
  readonly id: ClientId
  /** Counts the writes of this row. An older version never replaces a newer one. */
  readonly version: number
  /** A random id of this creation: tokens of a deleted client are not valid for a new client of the same id. */
  readonly instance: string
  /** Raised by "delete tokens of client": older tokens are no longer valid. */
  readonly accessEpoch: number
  /** Raised when the client changes its own registration, and when an admin changes its credentials. */
  readonly registrationEpoch: number
  /** The epoch of the registration access token that was used last. It stays valid until the newest one is used. */
  readonly registrationUsed: number
  /** Raised when the client changes its redirect URIs or its scope: users are then asked for consent again. */
  readonly consentEpoch: number
  /** The limits of the client's own changes; null if it registered itself and no admin ever changed it. */
  readonly bounds: ClientBounds | null
  /** The initial access token that the client registered itself with, and its policy; null for none. */
  readonly initialAccess: InitialAccess | null
  /** When the client was last used, to the day; null if it does not end when it is not used (client-use.ts). */
  readonly usedAt: Seconds | null
  /** How long it may be unused, as it was told when it registered itself; null for ever. */
  readonly unusedTtl: Seconds | null
  /** A keyed hash of the current secret; null if the client has none. */
  readonly secretHash: string | null
  /** Keyed hashes of former secrets that are still accepted, newest first, at most five (contract 1.3.3). */
  readonly rotatedSecretHashes: readonly string[]
  /** When secrets end, by their hashes; a secret that is not named never does. */
  readonly secretExpiries: Readonly<Record<string, Seconds>>
  readonly metadata: ClientMetadata
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** One row of the grants book: what a subject granted to a client. */
export interface BookedGrant {
  readonly subject: string
  readonly clientId: ClientId
  /** The scopes of the last grant. */
  readonly scope: readonly string[]
  /** When the first and the last grant were made, as far as the book was told. */
  readonly grantedAt: Seconds
  readonly lastGrantedAt: Seconds
  /** When all of it will have ended, at the latest; null for never. */
  readonly expiresAt: Seconds | null
  /** When it ended before its time; null if it did not. */
  readonly endedAt: Seconds | null
}
