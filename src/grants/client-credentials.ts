import { accessTokenLifespan } from '../clients/lifespans.ts'
import type { Config } from '../config/types.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { makeAccessToken } from '../tokens/access-token.ts'
import { stampOf } from '../tokens/formats.ts'
import { toBase64url } from '../util/base64url.ts'
import { nowSeconds } from '../util/clock.ts'
import { audienceAllowed, scopeAllowed } from '../util/scope.ts'
import { type GrantHandler, requireGrantType } from './grant.ts'
import { hookedOwnClaims } from './hook.ts'
import { ownSession } from './hook-body.ts'

/** Ledgers that share a client's revocations; sealed into each token, so the number may change. */
const SHARDS = 8

/** Issues a token to the client itself (RFC 6749 section 4.4). The token carries its claims; nothing is stored. */
export const clientCredentials: GrantHandler = async (ctx, registered, form) => {
  if (registered.metadata.token_endpoint_auth_method === 'none') {
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
  const lifetime = accessTokenLifespan(config.ttl, client.metadata, 'client_credentials')
  const hooked = { client, form, lifetimes: { accessToken: lifetime } }
  const session = ownSession(client.id, client.id, scope, audience)
  const custom = await hookedOwnClaims(ctx, hooked, session)
  const issuedAt = nowSeconds()
  const id = toBase64url(crypto.getRandomValues(new Uint8Array(16)))
  const accessToken = await makeAccessToken(
    ctx.rt,
    client,
    {
      type: 'client',
      clientId: client.id,
      id,
      shards: SHARDS,
      issuedAt,
      scope,
      audience,
      custom,
      ...stampOf(client),
    },
    {
      subject: client.id,
      clientId: client.id,
      scope,
      audience,
      custom,
      issuedAt,
      expiresAt: issuedAt + lifetime,
    },
  )
  ctx.audit('token.issued', { client_id: client.id, grant_type: 'client_credentials' })
  return { access_token: accessToken, expires_in: lifetime, scope: scope.join(' '), token_type: 'bearer' }
}

function checkRequest(config: Config, client: ClientRecord, form: Parameters): OAuthError | undefined {
  const registered = client.metadata.scope.split(' ')
  const scope = form.list('scope').find((value) => !scopeAllowed(config.strategies.scope, registered, value))
  if (scope !== undefined) {
    return new OAuthError('invalid_scope', `The client may not request scope '${scope.slice(0, 100)}'.`)
  }
  const audience = form.list('audience').find((value) => !audienceAllowed(client.metadata.audience, value))
  if (audience === undefined) return undefined
  return new OAuthError('invalid_request', `The client may not request audience '${audience.slice(0, 100)}'.`)
}

function grantedScope(config: Config, client: ClientRecord, form: Parameters): readonly string[] {
  const requested = [...new Set(form.list('scope'))]
  if (requested.length > 0 || !config.oauth2.defaultGrantAllowedScope) return requested
  return client.metadata.scope.split(' ').filter((scope) => scope !== '')
}
