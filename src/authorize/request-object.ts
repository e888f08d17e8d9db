import { signedByKeys } from '../clients/signed-by-keys.ts'
import type { RequestContext } from '../context.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { type Entries, MAX_PARAMETERS, Parameters, readEntries, toQuery } from '../http/form.ts'
import { fetchOutbound } from '../http/outbound.ts'
import { type Assertion, REQUEST_OBJECT_ALGORITHMS, readAssertion } from '../keys/foreign-jwt.ts'
import { readJwt } from '../keys/read-jwt.ts'
import type { ClientRecord } from '../store/types.ts'
import { nowSeconds } from '../util/clock.ts'
import { isJsonObject, isShallow, type JsonObject } from '../util/json.ts'
import { findClient } from './target.ts'

const LIMITS = { maxBytes: 64 * 1024, timeoutMs: 5000 }

/** Members that are taken: the parameters of an authorization request that this server knows. */
const KNOWN: readonly string[] = [
  'client_id response_type redirect_uri scope state nonce response_mode display prompt max_age ui_locales',
  'claims_locales id_token_hint login_hint acr_values claims registration code_challenge code_challenge_method',
  'audience resource identity_schema',
].flatMap((names) => names.split(' '))

/** Most members of an object: as many as a request may have parameters. */
const MAX_MEMBERS = MAX_PARAMETERS

/** Parameters that carry an object, by value or by reference. */
const CARRIERS: readonly string[] = ['request', 'request_uri']

/** Levels that the object may nest: no parameter has as many. */
const MAX_DEPTH = 16

/**
 * Replaces a request object, by value or by reference, by what it asks for: its members win over plain parameters,
 * scopes are joined (OIDC Core section 6, contract 3.15). From then on the request is like any other. Without
 * `openid` among the plain scopes it is passed over, unless it is the whole request (RFC 9101 section 5).
 *
 * @returns the request as a query
 * @throws `invalid_request`, `invalid_request_object`, `invalid_request_uri`, or what finding the client throws
 */
export async function unpackRequest(ctx: RequestContext, query: string): Promise<string> {
  const entries = readEntries(query)
  const plain = entries.filter(([name]) => !CARRIERS.includes(name))
  if (plain.length === entries.length) return query
  const parameters = new Parameters(entries)
  const [byValue, uri] = [parameters.get('request'), parameters.get('request_uri')]
  const whole = parameters.get('response_type') === undefined
  if ((byValue === undefined && uri === undefined) || !(whole || parameters.list('scope').includes('openid')))
    return toQuery(plain)
  if (byValue !== undefined && uri !== undefined)
    throw invalidRequest("Parameters 'request' and 'request_uri' exclude each other.")
  const client = await findClient(ctx, parameters)
  const jwt = byValue ?? (await fetchObject(ctx, client, uri ?? ''))
  const claims = await readObject(ctx, client, jwt)
  for (const name of whole ? ['client_id'] : ['client_id', 'response_type'])
    if ((claims[name] ?? parameters.get(name)) !== parameters.get(name))
      throw refuse(`Its '${name}' differs from the parameter.`)
  return toQuery(merged(plain, claims))
}

/** The plain parameters that the object has no member for, and then the members. */
function merged(plain: Entries, claims: JsonObject): Entries {
  const scope = plain.find(([name]) => name === 'scope')?.[1] ?? ''
  const members = KNOWN.flatMap((name) => {
    const value = claims[name] ?? null
    if (value === null) return []
    const text =
      typeof value === 'string' ? value : Array.isArray(value) ? value.join(' ') : JSON.stringify(value)
    return [[name, name === 'scope' ? [...new Set(`${scope} ${text}`.split(' '))].join(' ') : text] as const]
  })
  const names = members.map(([name]) => name)
  return [...plain.filter(([name]) => !names.includes(name)), ...members]
}

/** Fetches the object at one of the client's registered addresses. */
async function fetchObject(ctx: RequestContext, client: ClientRecord, uri: string): Promise<string> {
  if (!client.metadata.request_uris.includes(uri)) throw new OAuthError('invalid_request_uri')
  const answer = await fetchOutbound(ctx.rt.config, uri, {}, LIMITS).catch(() => undefined)
  if (answer?.status !== 200) throw new OAuthError('invalid_request_uri')
  return new TextDecoder().decode(answer.body).trim()
}

/** The members of an object that this client signed, if it is to be signed, for this server and for now. */
async function readObject(ctx: RequestContext, client: ClientRecord, jwt: string): Promise<JsonObject> {
  const claims: unknown = readJwt(jwt)?.claims
  if (isJsonObject(claims) && Object.keys(claims).length > MAX_MEMBERS)
    throw refuse(`It has more than ${MAX_MEMBERS} members.`)
  const object = readAssertion(jwt)
  if (object === undefined) throw refuse('It is no JWT, or encrypted.')
  const { alg, iss, sub, aud, exp, nbf } = object
  const only = client.metadata.request_object_signing_alg
  if (!REQUEST_OBJECT_ALGORITHMS.includes(alg) || (only !== '' && only !== alg))
    throw refuse(`Its algorithm is not '${only || REQUEST_OBJECT_ALGORITHMS.join("', '")}'.`)
  if (!(alg === 'none' ? isUnsigned(object) : await signedByKeys(ctx.rt, client, object)))
    throw refuse('It is not signed by a key of the client.')
  const issuer = ctx.rt.config.urls.issuer
  if (iss !== '' && iss !== client.id) throw refuse("Its 'iss' is not the client.")
  // It passes through browsers, where it must not be good as a proof of who the client is (RFC 9101 section 10.8).
  if (alg !== 'none' && sub === client.id) throw refuse("Its 'sub' is the client.")
  if (aud.length > 0 && !aud.includes(issuer)) throw refuse("Its 'aud' is not this server.")
  const now = nowSeconds()
  if ((exp ?? now + 1) <= now || (nbf ?? now) > now + 10) throw refuse('It is not good now.')
  if (!isJsonObject(claims) || !isShallow(claims, MAX_DEPTH)) throw refuse('It nests too deep.')
  return claims
}

const isUnsigned = ({ jwt }: Assertion): boolean => jwt.endsWith('.')

const refuse = (hint: string): OAuthError => new OAuthError('invalid_request_object', hint)
