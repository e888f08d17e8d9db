import type { JWK } from 'jose'
import type { SigningAlgorithm } from '../config/types.ts'
import type { Envelopes } from '../crypto/envelope.ts'
import type { KeySource, SigningKeyRow } from '../crypto/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { resourceExists } from '../errors/refusals.ts'
import { nowSeconds } from '../util/clock.ts'
import { isName } from '../util/text.ts'
import type { KeyMaterial } from './material.ts'
import { makeSigningKey, type OpenedKey, openedKey, openSigningKey, sealKey } from './signing-key.ts'

/** The largest number of keys in a set. All keys of a set are opened, published and copied together. */
const MAX_KEYS = 50

/** The key sets as administrators read and change them (contract 1.4.6), always at the source. */
export class StoredKeys {
  readonly #source: KeySource
  readonly #envelopes: Envelopes

  constructor(source: KeySource, envelopes: Envelopes) {
    this.#source = source
    this.#envelopes = envelopes
  }

  /** Returns the keys of a set, newest first; none if there is no such set. */
  async read(set: string): Promise<readonly OpenedKey[]> {
    const rows = isName(set) ? await this.#source.read(set) : []
    return Promise.all(rows.map((row) => openSigningKey(this.#envelopes, row)))
  }

  /**
   * Returns the public half of the newest RSA key of a set that is not for encryption; undefined if there is none. It is
   * what the row says: nothing is opened, so that a row that does not open keeps nobody from adding a key beside it.
   */
  async newestRsa(set: string): Promise<JWK | undefined> {
    const rows = await this.#source.read(set)
    return rows.find(({ publicJwk: { kty, use } }) => kty === 'RSA' && use !== 'enc')?.publicJwk
  }

  /**
   * Makes the first key of a set, unless the set has one that signs. An RSA key takes some 150 ms of CPU, so this
   * runs in a ledger (design section 5).
   */
  async makeFirst(set: string, algorithm: SigningAlgorithm): Promise<void> {
    const rows = await this.#source.read(set)
    const keys = await Promise.all(rows.map((row) => openSigningKey(this.#envelopes, row)))
    if (keys.some(({ signs }) => signs)) return
    const row = await makeSigningKey(this.#envelopes, set, algorithm, nowSeconds())
    await this.#source.insertFirst(
      row,
      keys.map(({ kid }) => kid),
    )
  }

  /**
   * Adds a key as the newest. Throws `resource_exists` if the set has a key of its kid, `malformed_body` if it is full.
   */
  async add(set: string, key: KeyMaterial): Promise<OpenedKey> {
    checkSize((await this.#source.read(checkName(set))).length + 1)
    const now = nowSeconds()
    const added = await this.#source.add(await sealKey(this.#envelopes, set, key, now))
    if (!added) throw resourceExists('key', key.kid)
    return openedKey(key, now)
  }

  /** Adds new keys, newest first, in one step. Throws `malformed_body` if the set is full. */
  async addAll(set: string, keys: readonly KeyMaterial[]): Promise<readonly OpenedKey[]> {
    checkSize((await this.#source.read(checkName(set))).length + keys.length)
    const now = nowSeconds()
    await this.#source.addAll(set, await this.#seal(set, keys, now))
    return keys.map((key) => openedKey(key, now))
  }

  /**
   * Replaces all keys of a set by others, newest first. Throws `resource_exists` if two have the same kid,
   * `malformed_body` if there are too many.
   */
  async replaceSet(set: string, keys: readonly KeyMaterial[]): Promise<readonly OpenedKey[]> {
    checkSize(keys.length)
    const kids = keys.map(({ kid }) => kid)
    const twice = kids.find((kid, at) => kids.indexOf(kid) < at)
    if (twice !== undefined) throw resourceExists('key', twice)
    return this.#replace(set, null, keys)
  }

  /**
   * Adds a key as the newest and removes the key of the same kid, if any. Throws `malformed_body` if the set is full.
   */
  async replaceKey(set: string, key: KeyMaterial): Promise<readonly OpenedKey[]> {
    const others = (await this.#source.read(checkName(set))).filter(({ kid }) => kid !== key.kid)
    checkSize(others.length + 1)
    return this.#replace(set, key.kid, [key])
  }

  /** Deletes one key of a set, or with null all of them. Returns the kids of the keys that it deleted. */
  async remove(set: string, kid: string | null): Promise<readonly string[]> {
    return isName(set) ? this.#source.replace(set, kid, []) : []
  }

  async #replace(
    set: string,
    kid: string | null,
    keys: readonly KeyMaterial[],
  ): Promise<readonly OpenedKey[]> {
    checkName(set)
    const now = nowSeconds()
    await this.#source.replace(set, kid, await this.#seal(set, keys, now))
    return keys.map((key) => openedKey(key, now))
  }

  #seal(set: string, keys: readonly KeyMaterial[], now: number): Promise<readonly SigningKeyRow[]> {
    return Promise.all(keys.map((key) => sealKey(this.#envelopes, set, key, now)))
  }
}

function checkName(set: string): string {
  if (isName(set)) return set
  throw new OAuthError('malformed_body', 'parameter_malformed', {
    parameter: 'set',
    expected: "plain text of at most 255 characters other than '.' and '..'",
  })
}

function checkSize(count: number): void {
  if (count > MAX_KEYS)
    throw new OAuthError('malformed_body', 'field_malformed', {
      field: 'keys',
      expected: `at most ${MAX_KEYS} keys`,
    })
}
