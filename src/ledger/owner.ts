import { toBase64url } from '../util/base64url.ts'
import type { Brand } from '../util/brand.ts'
import { sha256 } from '../util/digest.ts'
import { type ClientId, type GrantId, grantIdOf, type Sid } from '../util/ids.ts'

/** A reference to the owner of a ledger. It is the name of the ledger's Durable Object. */
export type Owner = Brand<string, 'owner'>

/** The naming scheme of owner references. A new scheme gets a new digit, and old references stay valid. */
const SCHEME = '1'

/** The kinds of owners. */
export type OwnerKind =
  | 'subject'
  | 'client'
  | 'directory'
  | 'flow'
  | 'probe'
  | 'device'
  | 'guesser'
  | 'registrar'
  | 'keys'
  | 'feed'

/** The number of shards of the directory. It is part of scheme 1: another number would orphan the entries. */
const DIRECTORY_SHARDS = 64

/** Sorts after every character that can follow a prefix. */
export const LAST_CHARACTER = '\u{10FFFF}'

/** How many leading characters a session id shares with its directory entry and its grants' ids: 60 random bits. */
const PREFIX_LENGTH = 18

/**
 * Returns the reference of an owner: a digest of its kind and the raw UTF-8 bytes of its name. No key and no case
 * folding goes into it, so it outlives every secret and setting (design section 2).
 */
export function ownerOf(kind: OwnerKind, name: string): Owner
export function ownerOf(kind: OwnerKind, name: string): string {
  return SCHEME + toBase64url(sha256(`${kind}\0${name}`))
}

/** Whether a value has the form of an owner reference. For references that come back inside an envelope. */
export function isOwner(value: unknown): value is Owner {
  return typeof value === 'string' && /^1[A-Za-z0-9_-]{43}$/.test(value)
}

/**
 * Returns the shard of a client's ledgers that holds an id.
 * @param shards - how many shards share the client's ids of this kind. For one id it must always be the same number.
 */
export function clientShard(clientId: ClientId, id: string, shards: number): Owner {
  // Two bytes, so that also a number which is no power of two has shards of about one size.
  const [low = 0, high = 0] = sha256(id)
  return ownerOf('client', `${clientId}\0${(low + 256 * high) % shards}`)
}

/** Returns the prefix of a session id, or of a grant id, by which the directory finds the session. */
export const sessionPrefix = (id: Sid | GrantId): string => id.slice(0, PREFIX_LENGTH)

/** Returns the range of the ids that the grants of a session have: from the first on, and below the second. */
export const grantsOf = (sid: Sid): readonly [from: string, to: string] => {
  const prefix = sessionPrefix(sid)
  return [prefix, prefix + LAST_CHARACTER]
}

/** Returns the directory shard that holds a session id; a grant id of the session leads to the same shard. */
export function directoryOf(id: Sid | GrantId): Owner {
  const bucket = (sha256(sessionPrefix(id))[0] ?? 0) % DIRECTORY_SHARDS
  return ownerOf('directory', String(bucket))
}

/**
 * Makes a new grant id (`consent_request_id`): a UUID that shares its prefix with the session's id, so that either id
 * alone leads to the owner.
 */
export function grantIdFor(sid: Sid): GrantId {
  return grantIdOf(sessionPrefix(sid) + crypto.randomUUID().slice(PREFIX_LENGTH))
}
