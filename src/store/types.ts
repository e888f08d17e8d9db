import type { Seconds } from '../util/clock.ts'
import type { ClientId, GrantId } from '../util/ids.ts'
import type { ClientBounds, ClientMetadata } from './client-metadata.ts'

export type { JwkSet } from './client-field.ts'
export type { ClientBounds, ClientMetadata, LifespanField } from './client-metadata.ts'

/** A registered client as D1, KV and memory hold it. */
export interface ClientRecord {
  readonly id: ClientId
  /** Counts the writes of this row; an older copy never replaces a newer one. */
  readonly version: number
  /** Random id of this creation: a deleted and re-created client does not honour the old one's tokens. */
  readonly instance: string
  /** Raised by "delete tokens of client"; older tokens are dead. */
  readonly accessEpoch: number
  /** Raised whenever the client changes its own registration, and by an admin who changes its credentials. */
  readonly registrationEpoch: number
  /** Epoch of the registration access token that was used last: beside it only the newest counts, until that is used. */
  readonly registrationUsed: number
  /** Raised when the client changes its redirect URIs or its scope: what users consented to before is asked anew. */
  readonly consentEpoch: number
  /** Null for a client that registered itself and was never changed by an admin. */
  readonly bounds: ClientBounds | null
  /** Keyed hash of the current secret; null for a client that has none. */
  readonly secretHash: string | null
  /** Keyed hashes of former secrets that are still accepted, newest first, at most five (contract 1.3.3). */
  readonly rotatedSecretHashes: readonly string[]
  readonly metadata: ClientMetadata
  /** Seconds since the epoch. */
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

/** One line of the grants book. */
export interface GrantsBookEntry {
  readonly id: GrantId
  readonly subject: string
  readonly clientId: ClientId
  readonly scope: readonly string[]
  readonly createdAt: Seconds
  /** When the row may be purged; null for never. */
  readonly expiresAt: Seconds | null
}
