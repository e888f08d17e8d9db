import { findClientOrAskSource } from '../clients/lookup.ts'
import { renderClient } from '../clients/render.ts'
import { audienceIn } from '../clients/resource.ts'
import { type RegisteredItself, registeredItself } from '../clients/stranger.ts'
import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Flow } from '../flow/state.ts'
import { type Parameters, readQuery } from '../http/form.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientMetadata } from '../store/types.ts'
import { hintClaims } from '../tokens/id-token-hint.ts'
import { requestedClaims } from '../tokens/requested-claims.ts'
import type { Json, JsonObject } from '../util/json.ts'
import { redirectUriOf, startUrl } from './channels/registry.ts'
import { shownQuery } from './shown-query.ts'

/** Members that login and consent requests have in common (contract 2.2, 2.3). */
export interface RequestView {
  readonly requested_scope: readonly string[]
  readonly requested_access_token_audience: readonly string[]
  readonly oidc_context: OidcContext
  readonly client: JsonObject
  /** Set for a client that nobody reviewed: nobody checked what it calls itself. */
  readonly registered_itself: RegisteredItself | undefined
  readonly request_url: string
}

/** What the apps learn of an OpenID Connect request; JSON leaves out undefined members. */
export type OidcContext = Readonly<Record<string, Json | undefined>>

/**
 * Reads the OpenID Connect context from a request. Takes the claims of a hint as they are: the authorization endpoint
 * has verified it.
 *
 * @param preset - the client's defaults for what the request leaves out (OIDC Registration section 2)
 */
export async function oidcContext(
  rt: Runtime,
  parameters: Parameters,
  preset: Pick<ClientMetadata, 'default_acr_values'> = {},
): Promise<OidcContext> {
  const hint = parameters.get('id_token_hint')
  const filled = (name: string): readonly string[] | undefined => {
    const values = parameters.list(name)
    return values.length > 0 ? values : undefined
  }
  const { values, value = [] } = requestedClaims(parameters)?.id_token['acr'] ?? {}
  const levels = [values ?? value].flat().filter((level) => typeof level === 'string' && level !== '')
  return {
    acr_values: filled('acr_values') ?? (levels[0] === undefined ? preset.default_acr_values : levels),
    ui_locales: filled('ui_locales'),
    claims_locales: filled('claims_locales'),
    display: parameters.get('display'),
    id_token_hint_claims: hint === undefined ? undefined : await hintClaims(rt, hint),
    login_hint: parameters.get('login_hint'),
  }
}

/** A request as the login and consent apps see it. Throws `challenge_not_found` if its client no longer exists. */
export async function viewRequest(ctx: RequestContext, flow: Flow): Promise<RequestView> {
  const parameters = readQuery(flow.query)
  const clientId = parameters.require('client_id')
  ctx.seen(clientId)
  const client = await findClientOrAskSource(ctx.rt, clientId)
  if (client === undefined) throw new OAuthError('challenge_not_found', 'client_unknown')
  return {
    requested_scope: parameters.list('scope'),
    requested_access_token_audience: audienceIn(parameters),
    oidc_context: await oidcContext(ctx.rt, parameters, client.metadata),
    client: renderClient(client),
    registered_itself: registeredItself(client, redirectUriOf(flow, client)),
    request_url: startUrl(ctx.rt.config, { ...flow, query: shownQuery(flow.query) }),
  }
}
