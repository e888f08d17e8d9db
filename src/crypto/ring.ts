import type { CryptoKey, JWK } from 'jose'
import type { SigningAlgorithm } from '../config/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { nowSeconds } from '../util/clock.ts'
import type { Envelopes } from './envelope.ts'
import { KeySet } from './key-set.ts'
import type { OpenedKey } from './signing-key.ts'
import type { SigningKey, SigningKeySource } from './types.ts'

/** Set whose keys sign ID tokens (contract 5.2). */
export const ID_TOKEN_SET = 'hydra.openid.id-token'

/** Set whose keys sign JWT access tokens (contract 5.2). */
export const ACCESS_TOKEN_SET = 'hydra.jwt.access-token'

/** Age in seconds from which a further key signs: by then copies here, and JWKS caches of 60 s, have gone by (design section 5). */
const PUBLISH_SECONDS = 180

/** Names of the sets the ring keeps. */
export type KeySetName = typeof ID_TOKEN_SET | typeof ACCESS_TOKEN_SET

/**
 * The signing keys. The newest key of a set signs, once published long enough; every published key verifies.
 * Every method throws `misconfiguration` when a key row does not open, `temporarily_unavailable` when keys are
 * neither in memory nor to be had.
 */
export class KeyRing {
  readonly #sets: Readonly<Record<KeySetName, KeySet>>

  /** @param algorithm - of keys made here; keys that exist keep theirs */
  constructor(source: SigningKeySource, envelopes: Envelopes, algorithm: SigningAlgorithm) {
    const make = (name: KeySetName) => new KeySet(name, source, envelopes, algorithm)
    this.#sets = { [ID_TOKEN_SET]: make(ID_TOKEN_SET), [ACCESS_TOKEN_SET]: make(ACCESS_TOKEN_SET) }
  }

  /** The key that signs now: the newest that was published long enough, or else the oldest. */
  async signer(set: KeySetName): Promise<SigningKey> {
    const keys = await this.#sets[set].keys()
    const publishedBefore = nowSeconds() - PUBLISH_SECONDS
    const key = keys.find((candidate) => candidate.createdAt < publishedBefore) ?? keys.at(-1)
    if (key === undefined) throw new OAuthError('temporarily_unavailable')
    return { kid: key.kid, alg: key.alg, key: await key.signing() }
  }

  /** Public keys of a set, newest first (contract 2.10). */
  async publicKeys(set: KeySetName): Promise<readonly JWK[]> {
    return (await this.#sets[set].keys()).map((key) => key.publicJwk)
  }

  /** The key of that id to verify with; an unknown one is looked up at the source, at most once a second. */
  async verifier(set: KeySetName, kid: string): Promise<{ alg: string; key: CryptoKey } | undefined> {
    const named = (key: OpenedKey): boolean => key.kid === kid
    const key = (await this.#sets[set].keys()).find(named) ?? (await this.#sets[set].fresh()).find(named)
    return key === undefined ? undefined : { alg: key.alg, key: await key.verifying() }
  }
}
