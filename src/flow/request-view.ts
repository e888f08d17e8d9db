import { decodeJwt } from 'jose'
import { fittingClient } from '../clients/fitting.ts'
import { renderClient } from '../clients/render.ts'
import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import type { JsonObject } from '../util/json.ts'
import type { Flow } from './state.ts'
import { requestUrl } from './urls.ts'

/** Members that login and consent requests share (contract 2.2, 2.3). */
export interface RequestView {
  readonly requested_scope: readonly string[]
  readonly requested_access_token_audience: readonly string[]
  readonly oidc_context: JsonObject
  readonly client: JsonObject
  readonly request_url: string
}

/** The authorization request's parameters, from the sealed query. */
export const flowParameters = (flow: Flow): Parameters => new Parameters(new URLSearchParams(flow.query))

/** What the login app is told of an OpenID Connect request; members without value are left out. */
export function oidcContext(parameters: Parameters): JsonObject {
  const hint = parameters.get('id_token_hint')
  const display = parameters.get('display')
  const loginHint = parameters.get('login_hint')
  const acrValues = parameters.list('acr_values')
  const uiLocales = parameters.list('ui_locales')
  return {
    ...(acrValues.length > 0 && { acr_values: acrValues }),
    ...(uiLocales.length > 0 && { ui_locales: uiLocales }),
    ...(display !== undefined && { display }),
    ...(hint !== undefined && { id_token_hint_claims: hintClaims(hint) }),
    ...(loginHint !== undefined && { login_hint: loginHint }),
  }
}

/** The request as the login and consent apps see it. Throws `challenge_not_found` when its client is gone. */
export async function viewRequest(ctx: RequestContext, flow: Flow): Promise<RequestView> {
  const parameters = flowParameters(flow)
  const clientId = parameters.require('client_id')
  ctx.seen(clientId)
  const client = await fittingClient(ctx.rt, clientId)
  if (client === undefined) throw new OAuthError('challenge_not_found')
  return {
    requested_scope: parameters.list('scope'),
    requested_access_token_audience: parameters.list('audience'),
    oidc_context: { ...defaultContext(client), ...oidcContext(parameters) },
    client: renderClient(client),
    request_url: requestUrl(ctx.rt.config, flow),
  }
}

/** What the client asks for in every request that does not say otherwise (OIDC Registration section 2). */
function defaultContext({ metadata }: ClientRecord): JsonObject {
  const acrValues = metadata.openid?.['default_acr_values']
  return acrValues === undefined ? {} : { acr_values: acrValues }
}

/** Claims of a hint whose signature the authorize endpoint has verified. */
function hintClaims(hint: string): JsonObject {
  return JSON.parse(JSON.stringify(decodeJwt(hint)))
}
