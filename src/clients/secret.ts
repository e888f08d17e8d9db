import type { RootKey } from '../crypto/root-key.ts'
import type { RootKeys } from '../crypto/root-keys.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { ClientRecord } from '../store/types.ts'
import { toBase64url } from '../util/base64url.ts'
import { constantTimeEqual, hmacSha256 } from '../util/digest.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~'
const LENGTH = 26

/** Bytes at or above this would favour the first letters of the alphabet; they are thrown away. */
const UNBIASED = 256 - (256 % ALPHABET.length)

/** Names the algorithm of a stored hash; others (imports from Hydra) will have names of their own. */
const FORMAT = 'hmac1'
const PURPOSE = 'client_secret'

/** Whether a secret is one of the client's, the rotated ones too. Throws as `verifySecret`. */
export async function isSecretOf(
  roots: Pick<RootKeys, 'byId'>,
  client: ClientRecord,
  secret: string,
): Promise<boolean> {
  for (const hash of secretHashesOf(client))
    if (await verifySecret(roots, client.id, secret, hash)) return true
  return false
}

/** A new client secret: 26 characters of `a-zA-Z0-9-._~`, 157 bits. */
export function makeSecret(): string {
  let secret = ''
  while (secret.length < LENGTH) {
    const [byte = UNBIASED] = crypto.getRandomValues(new Uint8Array(1))
    if (byte < UNBIASED) secret += ALPHABET.charAt(byte % ALPHABET.length)
  }
  return secret
}

/** All hashes of a client's secrets that are accepted, newest first. */
export const secretHashesOf = (client: ClientRecord): readonly string[] =>
  [client.secretHash ?? [], client.rotatedSecretHashes].flat()

/**
 * Hashes a client's secret as `hmac1$<root key id>$<base64url>`: HMAC-SHA-256 under a key derived from the root key
 * (design section 5), over the client id too, so equal secrets of two clients do not show.
 */
export async function hashSecret(
  roots: Pick<RootKeys, 'current'>,
  clientId: string,
  secret: string,
): Promise<string> {
  const root = await roots.current()
  return `${FORMAT}$${root.id}$${mac(root, clientId, secret)}`
}

/**
 * Whether a secret is the hashed one, compared in constant time. Throws `misconfiguration` when the hash is of an
 * unknown format or its root key is not there: that is a damaged installation, not a wrong secret.
 */
export async function verifySecret(
  roots: Pick<RootKeys, 'byId'>,
  clientId: string,
  secret: string,
  hash: string,
): Promise<boolean> {
  const [format, rootId = '', expected = ''] = hash.split('$')
  const root = format === FORMAT ? await roots.byId(rootId) : undefined
  if (root === undefined)
    throw new OAuthError('misconfiguration', 'stored_unreadable', { place: 'client secret' })
  return constantTimeEqual(mac(root, clientId, secret), expected)
}

/** Ids hold no NUL, so the boundary between id and secret is unambiguous. */
const mac = (root: RootKey, clientId: string, secret: string): string =>
  toBase64url(hmacSha256(root.derive(PURPOSE), clientId, '\0', secret))
