import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import type { ClientStamp } from '../tokens/formats.ts'
import { stampFits } from '../tokens/formats.ts'
import type { TokenResponse } from '../tokens/issue.ts'

/** One grant type at the token endpoint: validates, commits in the ledger, issues. Throws what the client is told. */
export type GrantHandler = (
  ctx: RequestContext,
  client: ClientRecord,
  form: Parameters,
) => Promise<TokenResponse>

/** The client must list the grant type; one that lists none has `authorization_code` (contract 2.1). */
export async function requireGrantType(
  ctx: RequestContext,
  client: ClientRecord,
  grantType: string,
): Promise<ClientRecord> {
  if (allows(client, grantType)) return client
  const current = await ctx.rt.clients.fresh(client.id)
  if (current !== undefined && allows(current, grantType)) return current
  throw new OAuthError('unauthorized_client', `The client may not use grant type '${grantType}'.`)
}

function allows(client: ClientRecord, grantType: string): boolean {
  const registered = client.metadata.grant_types ?? []
  return registered.length === 0 ? grantType === 'authorization_code' : registered.includes(grantType)
}

/** A code or refresh token must belong to this creation of the client. Throws `invalid_grant`. */
export async function requireStamp(
  ctx: RequestContext,
  client: ClientRecord,
  use: 'code' | 'refresh_token',
  stamp: ClientStamp,
): Promise<ClientRecord> {
  if (stampFits(use, stamp, client)) return client
  const current = await ctx.rt.clients.fresh(client.id)
  if (current !== undefined && stampFits(use, stamp, current)) return current
  throw new OAuthError('invalid_grant')
}
