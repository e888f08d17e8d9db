import type { Context } from 'hono'
import type { AppEnv, RequestContext } from '../../context.ts'
import { invalidRequest, OAuthError } from '../../errors/oauth-error.ts'
import { type Entries, MAX_PARAMETERS, Parameters, queryOf, readEntries, toQuery } from '../../http/form.ts'
import type { CarriedRequest } from '../../profiles/profile.ts'
import type { ClientRecord } from '../../store/types.ts'
import { isShallow, type JsonObject } from '../../util/json.ts'
import { findClient } from '../target.ts'
import { unusable } from './object.ts'
import { CARRIED, PLAIN } from './registry.ts'
import type { CarriedSource } from './source.ts'

/** Parameters that only our own redirects back from login and consent have. */
const RETURN_PARAMETERS: readonly string[] = ['login_verifier', 'consent_verifier']

/** Parameters that carry a request. A carried request may not have them. */
const CARRIERS: readonly string[] = ['request', 'request_uri']

/** Members that are read from a carried request: the authorization parameters that this server knows. */
const REQUEST_PARAMETERS: readonly string[] = [
  'client_id response_type redirect_uri scope state nonce response_mode display prompt max_age ui_locales',
  'claims_locales id_token_hint login_hint acr_values claims registration code_challenge code_challenge_method',
  'audience resource identity_schema',
].flatMap((names) => names.split(' '))

/** Maximum nesting depth of a carried request, in levels; no parameter needs as many. */
const MAX_DEPTH = 16

/**
 * Reads an authorization request from all its parts into one query, so that nothing is lost after login (contract 8.2).
 * A request in the URL alone keeps its spelling.
 *
 * @throws what `unpack` throws, and the errors of a malformed HTTP request
 */
export async function readRequest(c: Context<AppEnv>): Promise<string> {
  const sources = PLAIN.filter((source) => source.applies(c))
  const [only, ...others] = sources
  if (only !== undefined && others.length === 0) return unpack(c.var.ctx, queryOf(c.req.url))
  const parts: Entries[] = []
  for (const source of sources) parts.push(await source.read(c))
  return unpack(c.var.ctx, toQuery(parts.flat().filter(([name]) => !RETURN_PARAMETERS.includes(name))))
}

/**
 * Replaces a request that is carried by value or by reference with its parameters. The result is an ordinary request.
 *
 * @param sources - the ways to carry a request that are allowed
 * @returns the request as a query
 * @throws `invalid_request`, `invalid_request_object`, `invalid_request_uri`, or the errors of `findClient`
 */
export async function unpack(
  ctx: RequestContext,
  query: string,
  sources: readonly CarriedSource[] = CARRIED,
): Promise<string> {
  const entries = readEntries(query)
  const beside = entries.filter(([name]) => !CARRIERS.includes(name))
  if (beside.length === entries.length) return query
  const { profiles } = ctx.rt
  const parameters = new Parameters(entries, profiles.server.repeatable)
  const [name = '', other] = CARRIERS.filter((carrier) => parameters.get(carrier) !== undefined)
  const value = parameters.get(name)
  if (value === undefined) return toQuery(beside)
  const whole = parameters.get('response_type') === undefined
  const openid = parameters.list('scope').includes('openid')
  if (!profiles.server.countsObject({ whole, openid })) return toQuery(beside)
  if (other !== undefined) throw invalidRequest('parameters_conflict', { parameter: name, other })
  const client = await findClient(ctx, parameters)
  const source = sources.find((one) => one.parameter === name && one.takes(value))
  if (source === undefined) throw new OAuthError('invalid_request_uri', 'request_uri_unregistered')
  const carried = await readCarried(ctx, client, source, value)
  const binding = whole ? ['client_id'] : ['client_id', 'response_type']
  for (const bound of binding)
    if ((carried.members[bound] ?? parameters.get(bound)) !== parameters.get(bound))
      throw unusable(`has a '${bound}' that differs from the parameter`)
  return toQuery(profiles.of(client).merge(beside, carried, entriesOf(carried.members)))
}

/** Opens a carried request, checks its size and that it carries no further request, then verifies its signature. */
async function readCarried(
  ctx: RequestContext,
  client: ClientRecord,
  source: CarriedSource,
  value: string,
): Promise<CarriedRequest> {
  const { members, prove } = await source.open(ctx, client, value)
  if (Object.keys(members).length > MAX_PARAMETERS) throw unusable(`has more than ${MAX_PARAMETERS} members`)
  if (!isShallow(members, MAX_DEPTH)) throw unusable('nests too deep')
  if (CARRIERS.some((carrier) => Object.hasOwn(members, carrier))) throw unusable('carries another one')
  return { members, ...(await prove()) }
}

/** The known members as parameters: text stays, lists are joined with spaces, everything else becomes JSON. */
const entriesOf = (members: JsonObject): Entries =>
  REQUEST_PARAMETERS.flatMap((name) => {
    const value = Object.hasOwn(members, name) ? (members[name] ?? null) : null
    if (value === null) return []
    const text =
      typeof value === 'string' ? value : Array.isArray(value) ? value.join(' ') : JSON.stringify(value)
    return [[name, text] as const]
  })
