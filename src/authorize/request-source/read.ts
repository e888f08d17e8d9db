import type { Context } from 'hono'
import type { AppEnv, RequestContext } from '../../context.ts'
import { invalidRequest, OAuthError } from '../../errors/oauth-error.ts'
import {
  countingQuery,
  MAX_PARAMETERS,
  MAX_QUERY,
  MAX_REQUEST,
  Parameters,
  queryOf,
  readEntries,
  requestTooLong,
  toQuery,
} from '../../http/form.ts'
import { counting, type Entries } from '../../http/repeats.ts'
import type { CarriedRequest } from '../../profiles/profile.ts'
import type { ClientRecord } from '../../store/types.ts'
import { isShallow, type JsonObject } from '../../util/json.ts'
import type { Origin } from '../pipeline.ts'
import { findClient } from '../target.ts'
import { MAX_OBJECT, unusable } from './object.ts'
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

/** The parameter with an ID token of ours, which may be as long as the login app made it. */
const HINT = 'id_token_hint'

/** An authorization request, read from all its parts. */
export interface ReadRequest extends Origin {
  readonly query: string
}

/**
 * Reads an authorization request from all its parts into one query, so that nothing is lost after login (contract 8.2).
 * What does not count is left out (`http/repeats.ts`); else a request in the URL alone keeps its spelling. All parts are
 * measured before any work: one that is too long comes with its refusal, and what it carries is not opened.
 *
 * @throws what `unpack` throws, and the errors of a malformed HTTP request
 */
export async function readRequest(c: Context<AppEnv>): Promise<ReadRequest> {
  const parts: Entries[] = []
  for (const source of PLAIN) if (source.applies(c)) parts.push(await source.read(c))
  return joined(c.var.ctx, queryOf(c.req.url, MAX_REQUEST), parts)
}

/** Reads an authorization request that is all in the query of a URL, without its `?`. Throws as `readRequest`. */
export const readUrl = (ctx: RequestContext, query: string): Promise<ReadRequest> =>
  joined(ctx, query, [readEntries(query)])

/** @param url - the query of the URL, which is the first of the parts */
async function joined(ctx: RequestContext, url: string, parts: readonly Entries[]): Promise<ReadRequest> {
  const { repeats } = ctx.rt.profiles.server
  const sent = parts.flat()
  const entries = counting(sent, repeats).filter(([name]) => !RETURN_PARAMETERS.includes(name))
  const inUrl = parts.length === 1
  const given = inUrl ? countingQuery(url, repeats) : toQuery(entries)
  const refusal = url.length > MAX_QUERY ? requestTooLong(MAX_QUERY) : inUrl ? undefined : excess(entries)
  if (refusal !== undefined) {
    // An answer without its state is of no use to a client, and such a long one makes no redirect.
    if (entries.some(([name, value]) => name === 'state' && value.length > MAX_QUERY)) throw refusal
    return { query: toQuery(besideCarried(entries)), signed: false, refusal, sent }
  }
  const { query, signed, signedTail } = await unpack(ctx, given)
  // What a client signed is as long as its object. All else is bounded, because it is sealed into the login challenge.
  const excessive = signed || query === given ? undefined : excess(readEntries(query))
  return { query, signed, signedTail, refusal: excessive, sent }
}

/** The refusal of a request of which a part is too long; `undefined` if none is. */
function excess(entries: Entries): OAuthError | undefined {
  const plain = entries.filter(([name]) => ![HINT, 'request'].includes(name))
  if (toQuery(plain).length > MAX_QUERY) return requestTooLong(MAX_QUERY)
  const isLong = entries.some(([name, value]) => name === 'request' && value.length > MAX_OBJECT)
  return isLong ? requestTooLong(MAX_OBJECT) : undefined
}

/** The parameters beside a carried request. */
const besideCarried = (entries: Entries): Entries => entries.filter(([name]) => !CARRIERS.includes(name))

/** A request of which nothing is carried any more. */
interface Unpacked {
  readonly query: string
  /** Whether the client signed what was carried. */
  readonly signed: boolean
  /** How many characters at the end of the query the client signed. */
  readonly signedTail: number
}

/**
 * Replaces a request that is carried by value or by reference with its parameters. The result is an ordinary request.
 * How the two bind is the client's to say, and does not depend on the parameters beside the object.
 *
 * @param sources - the ways to carry a request that are allowed
 * @throws `invalid_request`, `invalid_request_object`, `invalid_request_uri`, or the errors of `findClient`
 */
export async function unpack(
  ctx: RequestContext,
  query: string,
  sources: readonly CarriedSource[] = CARRIED,
): Promise<Unpacked> {
  const entries = readEntries(query)
  const beside = besideCarried(entries)
  if (beside.length === entries.length) return { query, signed: false, signedTail: 0 }
  const { profiles } = ctx.rt
  const parameters = new Parameters(entries, profiles.server.repeats)
  const [name = '', other] = CARRIERS.filter((carrier) => parameters.get(carrier) !== undefined)
  const value = parameters.get(name)
  if (value === undefined) return { query: toQuery(beside), signed: false, signedTail: 0 }
  if (other !== undefined) throw invalidRequest('parameters_conflict', { parameter: name, other })
  const client = await findClient(ctx, parameters)
  const source = sources.find((one) => one.parameter === name && one.takes(value))
  if (source === undefined) throw new OAuthError('invalid_request_uri', 'request_uri_unregistered')
  const carried = await readCarried(ctx, client, source, value)
  for (const bound of ['client_id', 'response_type']) {
    const given = parameters.get(bound)
    if (given !== undefined && (carried.members[bound] ?? given) !== given)
      throw unusable(`has a '${bound}' that differs from the parameter`)
  }
  const own = entriesOf(carried.members)
  const merged = counting(profiles.of(client).merge(beside, carried, own), profiles.server.repeats)
  const { signed } = carried
  const { query: ordered, signedTail } = inOrder(merged, own)
  // Nothing that anybody can make is ever stored by itself.
  return { query: ordered, signed, signedTail: signed ? signedTail : 0 }
}

/**
 * Puts what the carried request holds behind what others can add, for who stores the one must not store the other. A
 * hint counts as added: it is sealed anew each time.
 *
 * @returns the query, and how many characters at its end are only of the carried request
 */
function inOrder(merged: Entries, own: Entries): Pick<Unpacked, 'query' | 'signedTail'> {
  const isOwn = ([name]: Entries[number]): boolean => name !== HINT && own.some(([known]) => known === name)
  const tail = toQuery(merged.filter(isOwn))
  const head = toQuery(merged.filter((entry) => !isOwn(entry)))
  return { query: [head, tail].filter((text) => text !== '').join('&'), signedTail: tail.length }
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
