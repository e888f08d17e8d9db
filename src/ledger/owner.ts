import { toBase64url } from '../util/base64url.ts'
import type { Brand } from '../util/brand.ts'
import { sha256 } from '../util/digest.ts'
import { type ClientId, type GrantId, grantIdOf, type Sid } from '../util/ids.ts'

/** Reference of the owner of a ledger, by which that is found. */
export type Owner = Brand<string, 'owner'>

/** Naming scheme of owner references; a new scheme gets a new digit and old references stay valid. */
const SCHEME = '1'

/** What owns a ledger. */
export type OwnerKind = 'subject' | 'client' | 'directory' | 'flow' | 'probe' | 'device' | 'guesser'

/** Shards of the directory from session ids to owners. Changing it orphans entries: it is part of scheme 1. */
const DIRECTORY_SHARDS = 64

/** Leading characters of a session id that its directory entry and its grants' ids share: 60 random bits. */
const SHARED_PREFIX = 18

/**
 * Reference of an owner: a digest over a type tag and the raw UTF-8 bytes, unkeyed and without folding, so it
 * outlives every secret and setting (design section 2).
 */
export function ownerOf(kind: OwnerKind, name: string): Owner
export function ownerOf(kind: OwnerKind, name: string): string {
  return SCHEME + toBase64url(sha256(`${kind}\0${name}`))
}

/** Shape of an owner reference, for those that come back inside an envelope. */
export function isOwner(value: unknown): value is Owner {
  return typeof value === 'string' && /^1[A-Za-z0-9_-]{43}$/.test(value)
}

/** The shard of a client's ledgers that knows of an id; how many there are is the caller's to remember. */
export function clientShard(clientId: ClientId, id: string, shards: number): Owner {
  return ownerOf('client', `${clientId}\0${(sha256(id)[0] ?? 0) % shards}`)
}

/** The part of a session id by which the directory finds it. */
export const sessionPrefix = (id: Sid | GrantId): string => id.slice(0, SHARED_PREFIX)

/** The directory shard that knows a session id, or any grant id made from it. */
export function directoryOf(id: Sid | GrantId): Owner {
  const bucket = (sha256(sessionPrefix(id))[0] ?? 0) % DIRECTORY_SHARDS
  return ownerOf('directory', String(bucket))
}

/** A new grant id (`consent_request_id`): a UUID that shares its prefix with the session's, so either id alone leads to the owner. */
export function grantIdFor(sid: Sid): GrantId {
  return grantIdOf(sessionPrefix(sid) + crypto.randomUUID().slice(SHARED_PREFIX))
}
