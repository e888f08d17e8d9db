import type { JWK } from 'jose'
import type { SigningAlgorithm } from '../config/types.ts'
import type { Envelopes } from '../crypto/envelope.ts'
import type { SigningKey, SigningKeySource } from '../crypto/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { nowSeconds } from '../util/clock.ts'
import { type KeySet, keySet } from './key-set.ts'
import type { OpenedKey } from './signing-key.ts'

/** Set whose keys sign ID tokens (contract 5.2). */
export const ID_TOKEN_SET = 'hydra.openid.id-token'

/** Set whose keys sign JWT access tokens (contract 5.2). */
export const ACCESS_TOKEN_SET = 'hydra.jwt.access-token'

/** Age in seconds from which a further key signs: by then copies here, and JWKS caches of 60 s, have gone by (design section 5). */
export const PUBLISH_SECONDS = 180

/** Names of the sets the ring keeps. */
export type KeySetName = typeof ID_TOKEN_SET | typeof ACCESS_TOKEN_SET

/**
 * The signing keys. The newest key of a set signs, once published long enough; every published key verifies.
 * Every method throws `misconfiguration` when a key row does not open, `temporarily_unavailable` when keys are
 * neither in memory nor to be had.
 */
export class KeyRing {
  readonly #sets = new Map<string, KeySet>()
  readonly #make: (name: string) => KeySet

  /** @param algorithm - of keys made here; keys that exist keep theirs */
  constructor(source: SigningKeySource, envelopes: Envelopes, algorithm: SigningAlgorithm) {
    this.#make = (name) => keySet(name, source, envelopes, algorithm)
  }

  /**
   * The key that signs now: the newest that was published long enough, or else the one stored first.
   *
   * @param alg - of those of this algorithm; a set may hold keys of several, and the source is asked before it holds none
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

  /** Public keys of a set, newest first (contract 2.10); of any set, which gets its first key if it has none (contract 1.3.1). */
  async publicKeys(set: string): Promise<readonly JWK[]> {
    return (await this.#set(set).keys()).map((key) => key.publicJwk)
  }

  /** Whether a set has a published key of this algorithm; the source is asked before the answer is no. */
  async has(set: KeySetName, alg: unknown): Promise<boolean> {
    const fits = (key: OpenedKey): boolean => key.alg === alg
    const keys = this.#set(set)
    return (await keys.keys()).some(fits) || (await keys.fresh()).some(fits)
  }

  /** The key of that id to verify with, none that is for encryption; an unknown one is looked up at the source, at most once a second. */
  async verifier(set: KeySetName, kid: string): Promise<{ alg: string; key: JWK } | undefined> {
    const named = (key: OpenedKey): boolean => key.kid === kid && key.publicJwk.use === 'sig'
    const keys = this.#set(set)
    const key = (await keys.keys()).find(named) ?? (await keys.fresh()).find(named)
    return key === undefined ? undefined : { alg: key.alg, key: key.publicJwk }
  }

  // Names come from the settings and from here, so there are few.
  #set(name: string): KeySet {
    const known = this.#sets.get(name)
    if (known !== undefined) return known
    const made = this.#make(name)
    this.#sets.set(name, made)
    return made
  }
}
