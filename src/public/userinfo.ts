import type { Context } from 'hono'
import type { AppEnv, RequestContext } from '../context.ts'
import { ID_TOKEN_SET } from '../crypto/ring.ts'
import { signJwt } from '../crypto/sign-jwt.ts'
import { errorBody, OAuthError } from '../errors/oauth-error.ts'
import { bearerToken } from '../http/bearer.ts'
import { json } from '../http/json.ts'
import type { Runtime } from '../runtime.ts'
import { encryptFor } from '../tokens/encryption.ts'
import { sessionClaims } from '../tokens/id-token.ts'
import type { ActiveToken } from '../tokens/inspect.ts'
import { nowSeconds } from '../util/clock.ts'
import { requireAccess } from './access.ts'

/** Userinfo endpoint, GET and POST (OIDC Core section 5.3, contract 1.3.5). */
export async function userinfo(c: Context<AppEnv>): Promise<Response> {
  try {
    const { ctx } = c.var
    return await respond(ctx, await requireAccess(ctx, await bearerToken(c.req.raw), 'invalid_token'))
  } catch (thrown) {
    if (!(thrown instanceof OAuthError) || thrown.status !== 401) throw thrown
    return challenge(thrown)
  }
}

/** Claims as JSON, or signed, encrypted or both if the client registered for it (OIDC Core section 5.3.2). A client's own token has no identity to tell. */
async function respond(ctx: RequestContext, { grant, token }: ActiveToken): Promise<Response> {
  const { rt } = ctx
  if (grant === null) {
    const { clientId, subject, issuedAt } = token
    const sub = subject === null ? {} : { sub: subject }
    return json({ ...sub, aud: [clientId], iss: rt.config.urls.issuer, iat: issuedAt })
  }
  const claims = sessionClaims(rt, grant, 'userinfo')
  const client = await rt.clients.find(grant.clientId)
  if (client === undefined) throw new OAuthError('request_unauthorized')
  const wanted = client.metadata.userinfo_signed_response_alg
  const signed = wanted !== 'none'
  const content = signed
    ? await sign(rt, claims, wanted)
    : JSON.stringify({ ...claims, iat: grant.requestedAt })
  const answer = await encryptFor(rt, client, 'userinfo', content, signed)
  const type = answer === content && !signed ? 'application/json; charset=utf-8' : 'application/jwt'
  return new Response(answer, { headers: { 'content-type': type } })
}

async function sign(rt: Runtime, claims: Readonly<Record<string, unknown>>, wanted: string): Promise<string> {
  const published = await rt.keys.publicKeys(ID_TOKEN_SET)
  // As in Hydra, 'RS256' is what signs now where there is no RSA key (contract 1.3.5).
  const alg = published.some((key) => key.alg === wanted) ? wanted : undefined
  const signer = await rt.keys.signer(ID_TOKEN_SET, alg)
  return signJwt(signer, 'JWT', { ...claims, iat: nowSeconds(), jti: crypto.randomUUID() })
}

/** 401 with the challenge of RFC 6750 section 3, as contract 1.3.5 has it. */
function challenge(error: OAuthError): Response {
  const body = errorBody(error)
  const value = `Bearer error="${body.error}",error_description="${body.error_description}"`
  return json(body, 401, { 'www-authenticate': value, 'cache-control': 'no-store' })
}
