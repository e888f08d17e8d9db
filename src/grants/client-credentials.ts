import { refusedAudience, refusedScope } from '../clients/limits.ts'
import { isPublic } from '../clients/public.ts'
import type { Config } from '../config/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { type GrantHandler, requireGrantType } from './grant.ts'
import { hookedOwnClaims } from './hook.ts'
import { issueOwnToken } from './own-token.ts'

/** Issues a token to the client itself (RFC 6749 section 4.4). The token carries its claims; nothing is stored. */
export const clientCredentials: GrantHandler = async (ctx, registered, form) => {
  if (isPublic(registered)) {
    throw new OAuthError('invalid_grant', 'A public client cannot use grant type client_credentials.')
  }
  const allowed = await requireGrantType(ctx, registered, 'client_credentials')
  const { config, clients } = ctx.rt
  const refused = checkRequest(config, allowed, form)
  const client = refused === undefined ? allowed : ((await clients.fresh(allowed.id)) ?? allowed)
  const refusedStill = refused === undefined ? undefined : checkRequest(config, client, form)
  if (refusedStill !== undefined) throw refusedStill
  const scope = grantedScope(config, client, form)
  const audience = form.list('audience')
  const claims = { grantType: 'client_credentials', subject: null, scope, audience } as const
  return issueOwnToken(ctx, client, claims, await hookedOwnClaims(ctx, { client, form }, claims))
}

const checkRequest = (config: Config, client: ClientRecord, form: Parameters): OAuthError | undefined =>
  refusedScope(config, client, form.list('scope')) ?? refusedAudience(client, form.list('audience'))

function grantedScope(config: Config, client: ClientRecord, form: Parameters): readonly string[] {
  const requested = [...new Set(form.list('scope'))]
  if (requested.length > 0 || !config.oauth2.defaultGrantAllowedScope) return requested
  return client.metadata.scope.split(' ').filter((scope) => scope !== '')
}
