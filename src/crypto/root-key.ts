import { fromBase64url, toBase64url } from '../util/base64url.ts'
import { deriveKey } from '../util/digest.ts'
import { MacKey } from './mac-key.ts'

/** Length of a root key in bytes. */
export const ROOT_KEY_BYTES = 32

/** Length of a root key's id in bytes: a random half, then a tag over that. */
export const ROOT_KEY_ID_BYTES = 6

const RANDOM_BYTES = 3

/** A root key, from which every other symmetric key is derived (design section 5). */
export class RootKey {
  readonly id: string
  /** The id as bytes. */
  readonly idBytes: Uint8Array
  /** Seconds since the epoch. */
  readonly createdAt: number
  readonly #key: Uint8Array
  readonly #derived = new Map<string, MacKey>()

  constructor(id: string, createdAt: number, key: Uint8Array) {
    this.id = id
    this.idBytes = fromBase64url(id) ?? new Uint8Array(ROOT_KEY_ID_BYTES)
    this.createdAt = createdAt
    this.#key = key
  }

  /** Returns the 32-byte key for a purpose (HKDF-SHA-256, RFC 5869). Purposes are constants, never made from input. */
  derive(purpose: string): MacKey {
    const known = this.#derived.get(purpose)
    if (known !== undefined) return known
    const key = new MacKey(deriveKey(this.#key, purpose))
    this.#derived.set(purpose, key)
    return key
  }

  /** Whether this key, which must be the oldest, made the tag of an id. */
  async knows(id: string): Promise<boolean> {
    const bytes = fromBase64url(id)
    if (bytes?.byteLength !== ROOT_KEY_ID_BYTES) return false
    return (await this.#idFor(bytes.subarray(0, RANDOM_BYTES))) === id
  }

  /** Makes the first root key of an installation, whose id it tags itself. `now` in seconds since the epoch. */
  static async makeFirst(now: number): Promise<{ readonly root: RootKey; readonly key: Uint8Array }> {
    const key = crypto.getRandomValues(new Uint8Array(ROOT_KEY_BYTES))
    const id = await new RootKey('', now, key).#idFor(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)))
    return { root: new RootKey(id, now, key), key }
  }

  async #idFor(random: Uint8Array): Promise<string> {
    const mac = await this.derive('ladon root-key-id 1').sign(random)
    const tag = mac.subarray(0, ROOT_KEY_ID_BYTES - RANDOM_BYTES)
    return toBase64url(new Uint8Array([...random, ...tag]))
  }
}
