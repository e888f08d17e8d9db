import type { RootKeys } from '../crypto/root-keys.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { ClientRecord } from '../store/types.ts'
import { fromBase64url, toBase64url } from '../util/base64url.ts'
import { nowSeconds, seconds } from '../util/clock.ts'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~'
const LENGTH = 26

/** Random bytes at or above this are dropped: they would make the first letters of the alphabet more likely. */
const UNBIASED = 256 - (256 % ALPHABET.length)

/** Names the algorithm of a stored hash; others (such as imports from Hydra) get other names. */
const FORMAT = 'hmac1'
const PURPOSE = 'client_secret'

const encoder = new TextEncoder()

/** How many former secrets are accepted in addition to the current one (contract 1.3.3). */
const MAX_ROTATED = 5

/** Whether a proof is the client's; with `expired`, the secret was until then, seconds since the epoch. */
export type Proven = boolean | { readonly expired: number }

/** Whether a secret is one of the client's, including rotated ones. Throws like `verifySecret`. */
export async function isSecretOf(
  roots: Pick<RootKeys, 'byId'>,
  client: ClientRecord,
  secret: string,
): Promise<Proven> {
  for (const hash of secretHashesOf(client)) {
    if (!(await verifySecret(roots, client.id, secret, hash))) continue
    const expired = client.secretExpiries[hash]
    return expired !== undefined && hasEnded(client, hash) ? { expired } : true
  }
  return false
}

const hasEnded = ({ secretExpiries }: ClientRecord, hash: string): boolean =>
  (secretExpiries[hash] ?? Number.POSITIVE_INFINITY) <= nowSeconds()

/** When the client's current secret ends, seconds since the epoch; 0 for never (RFC 7591 section 3.2.1). */
export const secretEndOf = ({ secretHash, secretExpiries }: ClientRecord): number =>
  secretExpiries[secretHash ?? ''] ?? 0

/** The secrets of a client, as hashes. */
export type Secrets = Pick<ClientRecord, 'secretHash' | 'rotatedSecretHashes' | 'secretExpiries'>

/** A single secret. `end` is when it ends, seconds since the epoch; 0 for never. */
export const onlySecret = (secretHash: string | null, end: number): Secrets => ({
  secretHash,
  rotatedSecretHashes: [],
  secretExpiries: secretHash === null || end === 0 ? {} : { [secretHash]: seconds(end) },
})

/** A new secret in front of those that the client has; each of these keeps its own end. */
export function furtherSecret(client: ClientRecord, secretHash: string, end: number): Secrets {
  const rotatedSecretHashes = secretHashesOf(client)
    .filter((hash) => !hasEnded(client, hash))
    .slice(0, MAX_ROTATED)
  const kept = Object.entries(client.secretExpiries).filter(([hash]) => rotatedSecretHashes.includes(hash))
  const { secretExpiries } = onlySecret(secretHash, end)
  return {
    secretHash,
    rotatedSecretHashes,
    secretExpiries: { ...Object.fromEntries(kept), ...secretExpiries },
  }
}

/** The same secrets, of which the current one ends at another time. */
export const withSecretEnd = (client: ClientRecord, end: number): Pick<Secrets, 'secretExpiries'> => {
  const others = Object.entries(client.secretExpiries).filter(([hash]) => hash !== client.secretHash)
  return {
    secretExpiries: { ...Object.fromEntries(others), ...onlySecret(client.secretHash, end).secretExpiries },
  }
}

/** Makes a client secret: 26 characters of `a-zA-Z0-9-._~`, 157 bits. */
export function makeSecret(): string {
  let secret = ''
  while (secret.length < LENGTH) {
    const [byte = UNBIASED] = crypto.getRandomValues(new Uint8Array(1))
    if (byte < UNBIASED) secret += ALPHABET.charAt(byte % ALPHABET.length)
  }
  return secret
}

/** The hashes of all accepted secrets of a client, newest first. */
export const secretHashesOf = (client: ClientRecord): readonly string[] =>
  [client.secretHash ?? [], client.rotatedSecretHashes].flat()

/**
 * Hashes a client's secret as `hmac1$<root key id>$<base64url>`: HMAC-SHA-256 of client id and secret, under a key
 * derived from the root key (design section 5). Includes the client id, so that equal secrets of two clients have
 * different hashes.
 */
export async function hashSecret(
  roots: Pick<RootKeys, 'current'>,
  clientId: string,
  secret: string,
): Promise<string> {
  const root = await roots.current()
  const mac = await root.derive(PURPOSE).sign(hashed(clientId, secret))
  return `${FORMAT}$${root.id}$${toBase64url(mac)}`
}

/**
 * Whether a secret has this hash; compares in constant time. Throws `misconfiguration` for a hash of unknown format or
 * with a missing root key: that is a damaged installation, not a wrong secret.
 */
export async function verifySecret(
  roots: Pick<RootKeys, 'byId'>,
  clientId: string,
  secret: string,
  hash: string,
): Promise<boolean> {
  const [format, rootId = '', expected = ''] = hash.split('$')
  const root = format === FORMAT ? await roots.byId(rootId) : undefined
  const mac = fromBase64url(expected)
  if (root === undefined || mac === undefined)
    throw new OAuthError('misconfiguration', 'stored_unreadable', { place: 'client secret' })
  return root.derive(PURPOSE).verifies(mac, hashed(clientId, secret))
}

/** Client ids contain no NUL, so it separates id and secret unambiguously. */
const hashed = (clientId: string, secret: string): Uint8Array => encoder.encode(`${clientId}\0${secret}`)
