import { findClientOrAskSource } from '../clients/lookup.ts'
import type { RequestContext } from '../context.ts'
import { invalidGrant, OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import type { ClientStamp } from '../tokens/formats.ts'
import { stampFits } from '../tokens/formats.ts'
import type { TokenResponse } from '../tokens/issue.ts'
import { nowSeconds } from '../util/clock.ts'
import type { GrantId } from '../util/ids.ts'

/** One grant type at the token endpoint: validates, commits in the ledger, issues. Throws what the client is told. */
export type GrantHandler = (
  ctx: RequestContext,
  client: ClientRecord,
  form: Parameters,
) => Promise<TokenResponse>

/** The client must list the grant type; one that lists none has `authorization_code` (contract 2.1). */
export async function requireGrantType(
  { rt }: RequestContext,
  client: ClientRecord,
  grantType: string,
): Promise<ClientRecord> {
  const allows = ({ metadata }: ClientRecord): boolean =>
    (metadata.grant_types?.length ? metadata.grant_types : ['authorization_code']).includes(grantType)
  const fitting = await findClientOrAskSource(rt, client.id, allows, client)
  if (fitting !== undefined) return fitting
  throw new OAuthError('unauthorized_client', `The client may not use grant type '${grantType}'.`)
}

/** A code or refresh token came once more, and its family is dead: says so to the logs and the book. */
export function refuseReused(
  { rt, audit, defer }: RequestContext,
  client: ClientRecord,
  grantId: GrantId,
  credential: 'code' | 'refresh_token',
): OAuthError {
  audit('token.reuse_detected', { client_id: client.id, grant: grantId, credential })
  defer(rt.book.revoke([grantId], nowSeconds()))
  return invalidGrant()
}

/** A code or refresh token must belong to this creation of the client. Throws `invalid_grant`. */
export async function requireStamp(
  { rt }: RequestContext,
  client: ClientRecord,
  use: 'code' | 'refresh_token',
  stamp: ClientStamp,
): Promise<ClientRecord> {
  const fitting = await findClientOrAskSource(
    rt,
    client.id,
    (current) => stampFits(use, stamp, current),
    client,
  )
  if (fitting === undefined) throw invalidGrant()
  return fitting
}
