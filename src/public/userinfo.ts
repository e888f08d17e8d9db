import type { Context } from 'hono'
import type { AppEnv, RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { ID_TOKEN_SET } from '../keys/ring.ts'
import { signJwt } from '../keys/sign-jwt.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import type { ActiveToken } from '../tokens/active-token.ts'
import { presentedToken } from '../tokens/binding/possession.ts'
import { encrypterFor } from '../tokens/encryption.ts'
import type { SelfContainedToken } from '../tokens/formats.ts'
import { sessionClaims } from '../tokens/id-token.ts'
import { nowSeconds } from '../util/clock.ts'
import { requireAccess } from './access.ts'

/** The userinfo endpoint, GET and POST (OIDC Core section 5.3, contract 1.3.5). */
export async function userinfo(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.env
  const presented = await presentedToken(c.req.raw, c.get('body'))
  return respond(ctx, await requireAccess(ctx, presented, 'invalid_token'))
}

/**
 * Answers with claims as JSON, or signed, encrypted or both if the client registered for that (OIDC Core section
 * 5.3.2).
 */
async function respond({ rt }: RequestContext, active: ActiveToken): Promise<Response> {
  const client = await rt.clients.find((active.grant ?? active.token).clientId)
  if (client === undefined) throw new OAuthError('request_unauthorized', 'token_inactive')
  // Userinfo without `sub` is none (OIDC Core section 5.3.2); Hydra's clients get the claims that there are.
  const isNobodys = active.grant === null && active.token.subject === null
  if (isNobodys && rt.config.oauth2.claimsByScope)
    throw new OAuthError('insufficient_scope', 'token_without_subject')
  const encrypt = await encrypterFor(rt, client, 'userinfo')
  const claims = active.grant === null ? ownClaims(rt, active.token) : grantClaims(rt, active.grant)
  const wanted = client.metadata.userinfo_signed_response_alg
  const signed = wanted !== 'none'
  const content = signed ? await sign(rt, claims, wanted) : JSON.stringify(claims)
  const answer = await encrypt(content, signed)
  const type = answer === content && !signed ? 'application/json; charset=utf-8' : 'application/jwt'
  return new Response(answer, { headers: { 'content-type': type } })
}

const grantClaims = (rt: Runtime, grant: StoredGrant): Claims => ({
  ...sessionClaims(rt, grant, 'userinfo'),
  iat: grant.requestedAt,
})

/** The claims of a token without a grant, which has no identity. */
const ownClaims = (rt: Runtime, { clientId, subject, issuedAt }: SelfContainedToken): Claims => ({
  ...(subject !== null && { sub: subject }),
  aud: [clientId],
  iss: rt.config.urls.issuer,
  iat: issuedAt,
})

type Claims = Readonly<Record<string, unknown>>

async function sign(rt: Runtime, claims: Claims, wanted: string): Promise<string> {
  // As in Hydra, 'RS256' means the current signing algorithm if there is no RSA key (contract 1.3.5).
  const alg = (await rt.keys.has(ID_TOKEN_SET, wanted)) ? wanted : undefined
  const signer = await rt.keys.signer(ID_TOKEN_SET, alg)
  return signJwt(signer, 'JWT', { ...claims, iat: nowSeconds(), jti: crypto.randomUUID() })
}
