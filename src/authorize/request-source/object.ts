import { signedByKeys } from '../../clients/signed-by-keys.ts'
import type { RequestContext } from '../../context.ts'
import { OAuthError } from '../../errors/oauth-error.ts'
import { as } from '../../errors/translate.ts'
import { type Assertion, REQUEST_OBJECT_ALGORITHMS, readAssertion } from '../../keys/foreign-jwt.ts'
import { isSameAlgorithm } from '../../keys/foreign-keys.ts'
import { purposeProblem } from '../../keys/jwt-kind.ts'
import type { ClientRecord } from '../../store/types.ts'
import { fromBase64url } from '../../util/base64url.ts'
import { nowSeconds } from '../../util/clock.ts'
import { InexactJson, parseExactJson } from '../../util/exact-json.ts'
import { decodeJson, isJsonObject } from '../../util/json.ts'
import type { CarriedSource, OpenedSource } from './source.ts'

/** The type of a JWT that is a request object (RFC 9101 section 4). */
const REQUEST_OBJECT_TYPE = 'oauth-authz-req+jwt'

/** Longest request object, in characters. */
export const MAX_OBJECT = 16 * 1024

/** The error for a request object that cannot be used; `problem` completes "The request object …". */
export const unusable = (problem: string): OAuthError =>
  new OAuthError('invalid_request_object', 'request_object_unusable', { problem })

/** Takes a request object in the request itself (OIDC Core section 6.1, RFC 9101 section 5). */
export const object: CarriedSource = {
  parameter: 'request',
  takes: () => true,
  open: async (ctx, client, jwt) => openObject(ctx, client, jwt),
}

/**
 * Decodes a request object without verifying it. Throws `invalid_request_object` if it is too long or not a JWT.
 */
export function openObject(ctx: RequestContext, client: ClientRecord, jwt: string): OpenedSource {
  if (jwt.length > MAX_OBJECT) throw unusable(`is longer than ${MAX_OBJECT} characters`)
  const members = readMembers(jwt)
  if (!isJsonObject(members)) throw unusable('is no JWT, or is encrypted')
  return { members, prove: () => prove(ctx, client, jwt) }
}

/** The members of a request object. Throws for one that would not go out as it came in. */
function readMembers(jwt: string): unknown {
  const [, payload = '', ...rest] = jwt.split('.')
  const bytes = rest.length === 1 ? fromBase64url(payload) : undefined
  try {
    return bytes && parseExactJson(decodeJson(bytes))
  } catch (thrown) {
    if (!(thrown instanceof InexactJson)) return undefined
    throw unusable(`holds a '${thrown.member}' that must be ${thrown.expected}`)
  }
}

/**
 * Verifies a request object; returns whether it is signed. Throws unless it is secured as the client registered, meant
 * for this server, and valid now. That of a client that sends no other requests must say what it is and when it is valid
 * (RFC 9101 sections 4 and 10.8).
 */
async function prove(
  ctx: RequestContext,
  client: ClientRecord,
  jwt: string,
): Promise<{ readonly signed: boolean }> {
  const assertion = readAssertion(jwt)
  if (assertion === undefined) throw unusable('is no JWT, or is encrypted')
  const { alg, iss, sub, aud, exp, nbf, typ } = assertion
  const only = client.metadata.request_object_signing_alg
  if (!REQUEST_OBJECT_ALGORITHMS.includes(alg) || (only !== '' && !isSameAlgorithm(only, alg)))
    throw unusable(`has another algorithm than '${only || REQUEST_OBJECT_ALGORITHMS.join("', '")}'`)
  const signed = alg !== 'none'
  if (ctx.rt.profiles.of(client).requiresObject) {
    if (!signed) throw unusable('is not signed')
    if (typ !== REQUEST_OBJECT_TYPE) throw unusable(`must have '${REQUEST_OBJECT_TYPE}' as its 'typ'`)
    if (exp === undefined || nbf === undefined) throw unusable("must have 'exp' and 'nbf'")
  }
  if (!(signed ? await isSigned(ctx, client, assertion) : isUnsigned(assertion)))
    throw unusable('is not signed by a key of the client')
  const issuer = ctx.rt.config.urls.issuer
  const purpose = purposeProblem('request_object', assertion, issuer)
  if (purpose !== undefined) throw unusable(purpose)
  if (iss !== '' && iss !== client.id) throw unusable("must have the client_id as its 'iss'")
  // It passes through browsers, so it must not be usable as client authentication (RFC 9101 section 10.8).
  if (signed && sub === client.id) throw unusable("has the client as its 'sub'")
  if (aud.length > 0 && !aud.includes(issuer)) throw unusable(`must name '${issuer}' as its 'aud'`)
  const now = nowSeconds()
  if ((exp ?? now + 1) <= now) throw unusable('has expired')
  if ((nbf ?? now) > now + 10) throw unusable("has an 'nbf' that lies ahead")
  return { signed }
}

/** Whether the client signed; keys that are not to be had are told as a fault of the object, not of authentication. */
const isSigned = ({ rt }: RequestContext, client: ClientRecord, assertion: Assertion): Promise<boolean> =>
  signedByKeys(rt, client, assertion).catch(
    as<never>({
      invalid_client: ({ reason, facts }) => new OAuthError('invalid_request_object', reason, facts),
    }),
  )

const isUnsigned = ({ jwt }: Assertion): boolean => jwt.endsWith('.')
