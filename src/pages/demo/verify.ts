import { decodeJwt, decodeProtectedHeader, type JWTPayload, type ProtectedHeaderParameters } from 'jose'
import { signedBy } from '../../keys/foreign-jwt.ts'
import { toBase64url } from '../../util/base64url.ts'
import { nowSeconds } from '../../util/clock.ts'
import { sha256 } from '../../util/digest.ts'
import { isJsonObject, type Json } from '../../util/json.ts'
import { CLIENT_ID, type Reply } from './relying-party.ts'
import type { DemoSession } from './session.ts'

/** One check of a token, in words, and its result. */
export type LabelledCheck = readonly [label: string, ok: boolean]

/** A token's content and the checks that were made. */
export interface VerifiedToken {
  readonly claims: JWTPayload
  readonly checks: readonly LabelledCheck[]
}

/** Whether a token has the form of a signed JWT; an opaque token does not have three parts. */
export const isJwt = (token: string): boolean => token.split('.').length === 3

/** Checks an ID token as a relying party must (OIDC Core section 3.1.3.7). */
export async function verifyIdToken(
  jwks: Reply,
  issuer: string,
  token: string,
  { nonce, tokens }: Pick<DemoSession, 'nonce' | 'tokens'>,
): Promise<VerifiedToken> {
  const { claims, checks } = await verifyJwt(jwks, issuer, token)
  const hash = toBase64url(sha256(tokens.access_token).subarray(0, 16))
  return {
    claims,
    checks: [
      ...checks,
      [`aud: meant for the client ${CLIENT_ID}`, [claims.aud].flat().includes(CLIENT_ID)],
      ['nonce: the one this browser sent', claims['nonce'] === nonce],
      ['at_hash: belongs to this access token', claims['at_hash'] === hash],
    ],
  }
}

/** Checks what every JWT of this issuer must have: a signature by a published key, the issuer, a valid lifetime. */
export async function verifyJwt(jwks: Reply, issuer: string, token: string): Promise<VerifiedToken> {
  const header = decodeProtectedHeader(token)
  const claims = decodeJwt(token)
  return {
    claims,
    checks: [
      [`signature: ${header.alg}, by a key of the JWKS`, await signed(jwks, token, header)],
      [`iss: ${issuer}`, claims.iss === issuer],
      ['exp: not yet reached', (claims.exp ?? 0) > nowSeconds()],
    ],
  }
}

async function signed(
  { body }: Reply,
  token: string,
  { kid, alg = '' }: ProtectedHeaderParameters,
): Promise<boolean> {
  const keys: Json | undefined = isJsonObject(body) ? body['keys'] : undefined
  const known = Array.isArray(keys) ? keys.filter(isJsonObject) : []
  const key = known.find((candidate) => candidate['kid'] === kid && candidate['alg'] === alg)
  return key !== undefined && signedBy({ jwt: token, alg }, key)
}
