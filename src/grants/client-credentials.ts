import { refusedScope } from '../clients/limits.ts'
import { findClientOrAskSource } from '../clients/lookup.ts'
import { isPublic } from '../clients/public.ts'
import { audienceIn, refusedTarget } from '../clients/resource.ts'
import type { Config } from '../config/types.ts'
import { invalidGrant, type OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { prepareAccessToken } from '../tokens/addressee.ts'
import { type GrantHandler, requireGrantType } from './handler.ts'
import { hookedSelfContainedClaims } from './hook.ts'
import { issueSelfContainedToken } from './self-contained-token.ts'

/** Issues a token to the client itself (RFC 6749 section 4.4). The token carries its claims; nothing is stored. */
export const clientCredentials: GrantHandler = async (ctx, registered, form) => {
  if (isPublic(registered)) {
    throw invalidGrant('A public client cannot use grant type client_credentials.')
  }
  const allowed = await requireGrantType(ctx, registered, 'client_credentials')
  const { config } = ctx.rt
  const refused = (client: ClientRecord): OAuthError | undefined =>
    refusedScope(config, client, form.scopes()) ?? refusedTarget(config, client, form)
  const mayHave = (client: ClientRecord): boolean => refused(client) === undefined
  const client = await findClientOrAskSource(ctx.rt, allowed.id, mayHave, allowed)
  if (client === undefined) throw refused(allowed)
  const scope = grantedScope(config, client, form)
  const audience = audienceIn(form)
  const claims = { grantType: 'client_credentials', subject: null, scope, audience } as const
  const addressee = await prepareAccessToken(ctx.rt, client)
  const custom = await hookedSelfContainedClaims(ctx, { client, form }, claims)
  return issueSelfContainedToken(ctx, addressee, claims, custom)
}

function grantedScope(config: Config, client: ClientRecord, form: Parameters): readonly string[] {
  const requested = form.scopes()
  if (requested.length > 0 || !config.oauth2.defaultGrantAllowedScope) return requested
  return client.metadata.scope.split(' ').filter((scope) => scope !== '')
}
