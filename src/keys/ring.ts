import type { JWK } from 'jose'
import type { Envelopes } from '../crypto/envelope.ts'
import type { SigningKey, SigningKeySource } from '../crypto/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { nowSeconds } from '../util/clock.ts'
import { type KeySet, keySet, type MakeFirst } from './key-set.ts'
import type { OpenedKey } from './signing-key.ts'

/** The set whose keys sign ID tokens (contract 5.2). */
export const ID_TOKEN_SET = 'hydra.openid.id-token'

/** The set whose keys sign JWT access tokens (contract 5.2). */
export const ACCESS_TOKEN_SET = 'hydra.jwt.access-token'

/**
 * How long a new key is published before it signs, seconds. By then the copies here, the edge's and the clients', each
 * of 60 s, have expired (design section 5). Another minute is for what is between the time in its row and the row: ledger
 * and D1 may take their deadlines.
 */
export const PUBLISH_SECONDS = 240

/** Returns the names of the sets that the JWKS document shows, given those that the settings add. */
export const publishedSets = (broadcast: readonly string[]): readonly string[] => [
  ...new Set([ID_TOKEN_SET, ACCESS_TOKEN_SET, ...broadcast]),
]

/** The sets that sign tokens. */
export type KeySetName = typeof ID_TOKEN_SET | typeof ACCESS_TOKEN_SET

/**
 * The signing keys. The newest key of a set that was published long enough signs; every published key verifies. Every
 * method throws `misconfiguration` if a key row does not open, and `temporarily_unavailable` if the keys are not in
 * memory and cannot be read.
 */
export class KeyRing {
  readonly #sets = new Map<string, KeySet>()
  readonly #make: (name: string) => KeySet

  constructor(source: SigningKeySource, envelopes: Envelopes, makeFirst: MakeFirst) {
    this.#make = (name) => keySet(name, source, envelopes, makeFirst)
  }

  /**
   * Returns the key that signs now: the newest that was published long enough, or else the oldest.
   *
   * @param alg - the key's algorithm; any if absent. The source is asked before the answer is that there is none
   * @throws `misconfiguration` if the set has no such key
   */
  async signer(set: KeySetName, alg?: string): Promise<SigningKey> {
    const fits = (key: OpenedKey): boolean => key.signs && key.alg === (alg ?? key.alg)
    const own = this.#set(set)
    const known = (await own.signable()).filter(fits)
    const keys = known.length > 0 ? known : (await own.fresh()).filter(fits)
    const publishedBefore = nowSeconds() - PUBLISH_SECONDS
    const key = keys.find((candidate) => candidate.createdAt < publishedBefore) ?? keys.at(-1)
    if (key === undefined)
      throw new OAuthError('misconfiguration', 'key_unavailable', { set, alg: alg ?? 'any algorithm' })
    return key
  }

  /**
   * Returns the public keys of a set, newest first (contract 2.10). `set` may be any name; a set without keys gets its
   * first one (contract 1.3.1).
   */
  async publicKeys(set: string): Promise<readonly JWK[]> {
    return (await this.#set(set).keys()).map((key) => key.publicJwk)
  }

  /** Whether a set has a published key of an algorithm. The source is asked before the answer is no. */
  async has(set: KeySetName, alg: unknown): Promise<boolean> {
    const fits = (key: OpenedKey): boolean => key.alg === alg
    const keys = this.#set(set)
    return (await keys.keys()).some(fits) || (await keys.fresh()).some(fits)
  }

  /**
   * Returns the key of a `kid` to verify with; `undefined` if there is none, or if it is for encryption. For an unknown
   * `kid` the source is asked, at most once a second.
   */
  async verifier(set: string, kid: string): Promise<{ alg: string; key: JWK } | undefined> {
    const named = (key: OpenedKey): boolean => key.kid === kid && key.publicJwk.use === 'sig'
    const keys = this.#set(set)
    const key = (await keys.keys()).find(named) ?? (await keys.fresh()).find(named)
    return key === undefined ? undefined : { alg: key.alg, key: key.publicJwk }
  }

  // Names come only from the settings and from this file, so the map stays small.
  #set(name: string): KeySet {
    const known = this.#sets.get(name)
    if (known !== undefined) return known
    const made = this.#make(name)
    this.#sets.set(name, made)
    return made
  }
}
