import { createHash } from 'node:crypto'
import { signJwt } from '../keys/sign-jwt.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import { toBase64url } from '../util/base64url.ts'
import { type JsonObject, pick } from '../util/json.ts'
import type { Addressee } from './addressee.ts'
import { releasedClaims } from './scope-claims.ts'
import { subjectOf } from './subject.ts'

/** Claims about the token or its session that the app cannot set (OIDC Core section 2). */
const RESERVED: ReadonlySet<string> = new Set([
  'azp',
  'nonce',
  'at_hash',
  'c_hash',
  's_hash',
  'sid',
  'jti',
  'exp',
  'iat',
  'nbf',
])

/** The app's claims about the subject, without reserved ones. */
export const identityClaims = ({ idTokenClaims }: StoredGrant): JsonObject =>
  pick(idTokenClaims, (name) => !RESERVED.has(name))

/**
 * The claims that ID token and userinfo have in common: the app's own, and the standard ones, which override them
 * (contract 3.9). Hydra's own claim `rat` has no scope.
 */
export function sessionClaims(
  rt: Runtime,
  grant: StoredGrant,
  place: 'id_token' | 'userinfo',
): Record<string, unknown> {
  const own = identityClaims(grant)
  const byScope = rt.config.oauth2.claimsByScope
  return {
    ...(byScope ? releasedClaims(grant, own, place) : own),
    iss: rt.config.urls.issuer,
    sub: subjectOf(grant),
    aud: [grant.clientId],
    auth_time: grant.authTime,
    ...(!byScope && { rat: grant.requestedAt }),
    ...(grant.acr !== '' && { acr: grant.acr }),
    ...(grant.amr.length > 0 && { amr: grant.amr }),
  }
}

/**
 * Makes an ID token (OIDC Core section 2), encrypted if the client wants that. Times are in seconds. A refreshed ID
 * token keeps nonce, `auth_time` and `rat` of the first one, and is signed with the current key.
 *
 * @param hashed - values to hash, by the name of the claim for the hash (OIDC Core section 3.3.2.11)
 */
export async function makeIdToken(
  rt: Runtime,
  { idTokenSigner, encrypt }: Addressee,
  grant: StoredGrant,
  hashed: Readonly<Partial<Record<'at_hash' | 'c_hash' | 's_hash', string | undefined>>>,
  issuedAt: number,
  lifetime: number,
): Promise<string> {
  const hashes = Object.fromEntries(
    Object.entries(hashed).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, tokenHash(idTokenSigner.alg, text)]],
    ),
  )
  const claims = {
    ...sessionClaims(rt, grant, 'id_token'),
    iat: issuedAt,
    exp: issuedAt + lifetime,
    jti: crypto.randomUUID(),
    sid: grant.pairwise?.sid ?? grant.sid,
    ...hashes,
    ...(grant.nonce !== null && { nonce: grant.nonce }),
  }
  return encrypt(await signJwt(idTokenSigner, 'JWT', claims))
}

/**
 * The left half of a token's digest, with the hash function of the signing algorithm (OIDC Core section 3.1.3.6;
 * Ed25519 uses SHA-512).
 */
export function tokenHash(alg: string, token: string): string {
  const name = alg === 'EdDSA' ? 'sha512' : `sha${alg.slice(-3)}`
  const digest = new Uint8Array(createHash(name).update(token).digest())
  return toBase64url(digest.subarray(0, digest.byteLength / 2))
}
