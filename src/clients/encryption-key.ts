import { CompactEncrypt } from 'jose'
import { unusableField } from '../errors/refusals.ts'
import { MAX_CANDIDATES, materialOf, mayEncrypt } from '../keys/foreign-keys.ts'
import type { ClientMetadata } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'

/** Header parameters of an encrypted JWT (RFC 7516 section 4.1). */
export interface EncryptionHeader {
  readonly alg: string
  readonly enc: string
  readonly cty?: string
}

/** Encrypts to a public key; the header has its `kid` if it has one (RFC 7516 section 7.1). */
export function encryptTo(key: JsonObject, header: EncryptionHeader, content: string): Promise<string> {
  const { kid } = key
  return new CompactEncrypt(new TextEncoder().encode(content))
    .setProtectedHeader({ ...header, ...(typeof kid === 'string' && { kid }) })
    .encrypt(materialOf(key))
}

/**
 * Finds the public key to encrypt to with an algorithm; keys registered for encryption go before keys for any use. A
 * key can be invalid though it looks right (such as a point that is not on its curve), so each is tried once; only the
 * first few are tried.
 */
export async function encryptionKey(
  keys: readonly JsonObject[],
  alg: string,
): Promise<JsonObject | undefined> {
  const fitting = keys.filter((key) => mayEncrypt(key, alg))
  fitting.sort((one, other) => Number(other['use'] === 'enc') - Number(one['use'] === 'enc'))
  for (const key of fitting.slice(0, MAX_CANDIDATES)) {
    const works = tried.get(key) ?? encryptTo(key, { alg, enc: 'A256GCM' }, '').then(yes, no)
    tried.set(key, works)
    if (await works) return key
  }
  return undefined
}

const tried = new WeakMap<JsonObject, Promise<boolean>>()
const yes = (): boolean => true
const no = (): boolean => false

/** Checks that what a client wants to be encrypted can be encrypted. Throws `invalid_client_metadata`. */
export async function checkEncryption(metadata: ClientMetadata): Promise<void> {
  for (const place of ['id_token', 'userinfo'] as const) {
    const field = `${place}_encrypted_response_alg` as const
    const alg = metadata[field]
    if (alg === undefined) {
      if (metadata[`${place}_encrypted_response_enc`] !== undefined)
        throw unusableField(`${place}_encrypted_response_enc`, `needs '${field}'`)
    } else if (
      metadata.jwks_uri === '' &&
      (await encryptionKey(metadata.jwks?.keys ?? [], alg)) === undefined
    )
      throw unusableField(field, "needs a working key for it in 'jwks', or a 'jwks_uri'")
  }
}
