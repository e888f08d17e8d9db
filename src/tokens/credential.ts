import { FOREIGN_ALGORITHMS } from '../keys/foreign-jwt.ts'
import { ID_TOKEN_SET } from '../keys/ring.ts'
import { signJwt } from '../keys/sign-jwt.ts'
import type { Runtime } from '../runtime.ts'
import { toBase64url } from '../util/base64url.ts'
import { after, nowSeconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'
import type { JsonObject } from '../util/json.ts'
import type { ActiveToken } from './active-token.ts'
import { identityClaims } from './id-token.ts'
import { subjectOf } from './subject.ts'

/** The only supported format of credentials (OpenID for Verifiable Credential Issuance, draft 00). */
export const CREDENTIAL_FORMAT = 'jwt_vc_json'

/** Types of the credential. */
export const CREDENTIAL_TYPES: readonly string[] = ['VerifiableCredential', 'UserInfoCredential']

/** Signature algorithms of a holder's proof (contract 2.9). */
export const CREDENTIAL_ALGORITHMS: readonly string[] = FOREIGN_ALGORITHMS

/** With this scope and `openid` the token response already has a nonce. */
const NONCE_SCOPE = 'userinfo_credential_draft_00'

/** Lifetime of a credential, in seconds (contract 1.3.8). */
const LIFETIME_SECONDS = 3600

/**
 * Makes a nonce for the holder's proof. It is sealed, so nothing is stored. It is valid only for this access token, any
 * number of times, until it expires after `TTL_VC_NONCE`.
 */
export const sealNonce = (rt: Runtime, accessToken: string): Promise<string> =>
  rt.envelopes.seal('credential_nonce', digestOf(accessToken), after(nowSeconds(), rt.config.ttl.vcNonce))

/** Whether a nonce was made for this access token and has not expired. */
export async function isNonce(rt: Runtime, nonce: string, accessToken: string): Promise<boolean> {
  const opened = await rt.envelopes.open('credential_nonce', nonce)
  return opened?.data === digestOf(accessToken) && (opened.expiresAt ?? 0) > nowSeconds()
}

const digestOf = (accessToken: string): string => toBase64url(sha256(accessToken))

/** The first nonce, as members of the token response; empty if the granted scopes do not ask for a credential. */
export async function firstNonce(
  rt: Runtime,
  scope: readonly string[],
  accessToken: string,
): Promise<{ readonly c_nonce_draft_00?: string; readonly c_nonce_expires_in_draft_00?: number }> {
  if (!scope.includes('openid') || !scope.includes(NONCE_SCOPE)) return {}
  return {
    c_nonce_draft_00: await sealNonce(rt, accessToken),
    c_nonce_expires_in_draft_00: rt.config.ttl.vcNonce,
  }
}

/**
 * Makes the credential: a JWT, signed by the ID token key, that states the identity claims of the access token about
 * the holder of a key (contract 1.3.8).
 *
 * @param holder - the holder's public key; its JSON becomes the subject as `did:jwk`
 */
export async function makeCredential(rt: Runtime, active: ActiveToken, holder: JsonObject): Promise<string> {
  const signer = await rt.keys.signer(ID_TOKEN_SET)
  const id = `did:jwk:${toBase64url(new TextEncoder().encode(JSON.stringify(holder)))}`
  const { sub, since, custom } = identityOf(active)
  const now = nowSeconds()
  // Valid from the login; but from now if the login is so long ago that the credential would already have expired.
  const nbf = since + LIFETIME_SECONDS > now ? since : now
  return signJwt(signer, 'JWT', {
    iss: rt.config.urls.issuer,
    sub: id,
    jti: crypto.randomUUID(),
    iat: now,
    nbf,
    exp: nbf + LIFETIME_SECONDS,
    vc: {
      '@context': ['https://www.w3.org/2018/credentials/v1'],
      type: CREDENTIAL_TYPES,
      credentialSubject: { ...custom, id, sub },
    },
  })
}

function identityOf({ grant, token }: ActiveToken): {
  readonly sub: string
  readonly since: number
  readonly custom: JsonObject
} {
  if (grant !== null)
    return { sub: subjectOf(grant), since: grant.requestedAt, custom: identityClaims(grant) }
  return { sub: token.subject ?? token.clientId, since: token.issuedAt, custom: {} }
}
