import { findClientOrAskSource } from '../clients/lookup.ts'
import { nearestRedirectUri } from '../clients/near-redirect-uri.ts'
import { redirectUriMatches } from '../clients/redirect-uri.ts'
import type { Config } from '../config/types.ts'
import type { RequestContext } from '../context.ts'
import { noParameter } from '../errors/missing.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { invalidClient } from '../errors/refusals.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { typesIn } from './check-response-type.ts'
import type { Target } from './request.ts'
import { responseModeFor } from './response-modes/registry.ts'

/**
 * Finds where answers to this request may go: client, response mode, redirect URI, in this order. Its errors can only
 * be shown on the error page (contract 3.15).
 */
export function resolveTarget(client: ClientRecord, parameters: Parameters, config: Config): Target {
  const responseTypes = typesIn(parameters.get('response_type'))
  const responseMode = responseModeFor(parameters.get('response_mode'), responseTypes)
  if (responseMode === undefined) throw new OAuthError('unsupported_response_mode', 'response_mode_unfit')
  return {
    client,
    responseMode,
    responseTypes,
    redirectUri: resolveRedirectUri(client, parameters, config),
    state: parameters.get('state'),
    openid: isOpenid(parameters),
  }
}

/**
 * Returns the target of a request as if it were allowed: for a dry run, which answers nobody. `undefined` if the request
 * names none.
 */
export function presumedTarget(client: ClientRecord, parameters: Parameters): Target | undefined {
  const responseTypes = typesIn(parameters.get('response_type'))
  const asked = responseModeFor(parameters.get('response_mode'), responseTypes)
  const responseMode = asked ?? responseModeFor(undefined, responseTypes)
  const redirectUri = parameters.get('redirect_uri') ?? client.metadata.redirect_uris?.[0]
  if (responseMode === undefined || redirectUri === undefined) return undefined
  const state = parameters.get('state')
  return { client, responseMode, responseTypes, redirectUri, state, openid: isOpenid(parameters) }
}

/** Looks up the client of a request; asks the source before it calls the client unknown (design rule 5). */
export async function findClient(ctx: RequestContext, parameters: Parameters): Promise<ClientRecord> {
  const id = parameters.get('client_id')
  if (id === undefined) throw invalidClient('parameter_missing', noParameter('client_id'))
  ctx.seen(id.slice(0, 255))
  const client = await findClientOrAskSource(ctx.rt, id)
  if (client === undefined) throw invalidClient('client_unregistered')
  return client
}

const isOpenid = (parameters: Parameters): boolean => parameters.list('scope').includes('openid')

/**
 * The requested redirect URI, if it is registered. A plain OAuth request may leave it out if exactly one is registered
 * (RFC 6749 section 3.1.2.3).
 */
function resolveRedirectUri(client: ClientRecord, parameters: Parameters, config: Config): string {
  const registered = client.metadata.redirect_uris
  const [only, ...others] = registered ?? []
  const isPlain = only !== undefined && others.length === 0 && !isOpenid(parameters)
  if (isPlain && parameters.get('redirect_uri') === undefined) return only
  const requested = parameters.get('redirect_uri')
  if (requested === undefined) throw invalidRequest('redirect_uri_missing')
  if (requested.includes('#'))
    throw invalidRequest('parameter_malformed', {
      parameter: 'redirect_uri',
      expected: 'a URI without fragment',
    })
  if (!redirectUriMatches(registered, requested)) throw unregistered(registered, requested, config)
  return requested
}

/**
 * Returns the error for a redirect URI that is not registered. The log names the registered one that it is near; so does
 * the page of a loopback issuer, where only its developer reads it. What comes in a query may be secret, and is left out.
 */
function unregistered(
  registered: readonly string[] | null,
  requested: string,
  { loopback }: Config,
): OAuthError {
  const near = nearestRedirectUri(registered, requested)
  if (near === undefined) return invalidRequest('redirect_uri_unregistered')
  const { uri, difference } = near
  const facts = { difference, redirect_uri: withoutQuery(requested), near: withoutQuery(uri) }
  const told = loopback ? 'redirect_uri_near' : 'redirect_uri_unregistered'
  return new OAuthError('invalid_request', 'redirect_uri_near', facts, told)
}

const withoutQuery = (uri: string): string => uri.replace(/\?.*$/s, '?...')
