import type { Jurisdiction, Residency } from '../config/residency.ts'
import { toBase64url } from '../util/base64url.ts'
import type { Brand } from '../util/brand.ts'
import { sha256 } from '../util/digest.ts'
import { type ClientId, type GrantId, grantIdOf, type Sid } from '../util/ids.ts'

/** A reference to the owner of a ledger. It is the name of the ledger's Durable Object. */
export type Owner = Brand<string, 'owner'>

/**
 * How owner references begin: with the digit of the naming scheme, and the letter of the jurisdiction if the ledger is
 * in one. A new scheme gets a new digit, and old references stay valid.
 */
const SCHEMES = { none: '1', eu: '2e', us: '2u', fedramp: '2f' } as const satisfies Record<
  Jurisdiction,
  string
>

/** The kinds of owners whose ledgers are about people or their networks. They are in the jurisdiction of the settings. */
export type PlacedKind = 'subject' | 'directory' | 'flow' | 'device' | 'guesser' | 'probe'

/**
 * The kinds of owners of which there must be one ledger only, whatever the settings are. What they hold is about clients
 * and tokens, and they are in no jurisdiction.
 */
export type SingleKind = 'client' | 'registrar' | 'feed' | 'keys'

/** The kinds of owners. */
export type OwnerKind = PlacedKind | SingleKind

/** The number of shards of the directory. It is part of the naming schemes: another number would orphan the entries. */
const DIRECTORY_SHARDS = 64

/** Sorts after every character that can follow a prefix. */
export const LAST_CHARACTER = '\u{10FFFF}'

/** How many leading characters a session id shares with its directory entry and its grants' ids: 60 random bits. */
const PREFIX_LENGTH = 18

/**
 * Returns the reference of an owner: where its ledger is, and a digest of its kind and the raw UTF-8 bytes of its name.
 * No key and no case folding goes into it, so it outlives every secret and setting (design section 2).
 *
 * @param jurisdiction - where the ledger is; for kinds of which there is one ledger only, in none
 */
export function ownerOf(kind: SingleKind, name: string): Owner
export function ownerOf(kind: PlacedKind, name: string, jurisdiction: Jurisdiction): Owner
export function ownerOf(kind: OwnerKind, name: string, jurisdiction: Jurisdiction = 'none'): string {
  return SCHEMES[jurisdiction] + toBase64url(sha256(`${kind}\0${name}`))
}

/** Returns every ledger that an owner may have: in the jurisdiction of new owners first, then in those before. */
export const ownersOf = (
  kind: PlacedKind,
  name: string,
  { jurisdictions }: Residency,
): readonly [Owner, ...Owner[]] => {
  const [first, ...before] = jurisdictions
  return [ownerOf(kind, name, first), ...before.map((one) => ownerOf(kind, name, one))]
}

/** Whether a value has the form of an owner reference. For references that come back inside an envelope. */
export function isOwner(value: unknown): value is Owner {
  return typeof value === 'string' && /^(?:1|2[euf])[A-Za-z0-9_-]{43}$/.test(value)
}

/** Returns the jurisdiction in which an owner's ledger is. */
export function jurisdictionOf(owner: Owner): Jurisdiction {
  if (owner.startsWith(SCHEMES.eu)) return 'eu'
  if (owner.startsWith(SCHEMES.us)) return 'us'
  return owner.startsWith(SCHEMES.fedramp) ? 'fedramp' : 'none'
}

/** Returns what an owner's ledgers have in common, wherever they are: the reference of that in no jurisdiction. */
export function withoutPlace(owner: Owner): Owner
export function withoutPlace(owner: Owner): string {
  return SCHEMES.none + owner.slice(SCHEMES[jurisdictionOf(owner)].length)
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

/**
 * Returns the directory shard that holds a session id; a grant id of the session leads to the same shard.
 *
 * @param jurisdiction - where the session's ledger is
 */
export const directoryOf = (id: Sid | GrantId, jurisdiction: Jurisdiction): Owner =>
  ownerOf('directory', directoryBucket(id), jurisdiction)

/** Returns every directory shard that may hold a session id. */
export const directoriesOf = (id: Sid | GrantId, residency: Residency): readonly Owner[] =>
  ownersOf('directory', directoryBucket(id), residency)

const directoryBucket = (id: Sid | GrantId): string =>
  String((sha256(sessionPrefix(id))[0] ?? 0) % DIRECTORY_SHARDS)

/**
 * Makes a new grant id (`consent_request_id`): a UUID that shares its prefix with the session's id, so that either id
 * alone leads to the owner.
 */
export function grantIdFor(sid: Sid): GrantId {
  return grantIdOf(sessionPrefix(sid) + crypto.randomUUID().slice(PREFIX_LENGTH))
}
