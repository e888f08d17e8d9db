import { accessTokenLifespan, idTokenLifespan } from '../clients/lifespans.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import { makeAccessToken } from '../tokens/access-token.ts'
import { stampOf } from '../tokens/formats.ts'
import { makeIdToken } from '../tokens/id-token.ts'
import { shownSubject } from '../tokens/subject.ts'
import type { AuthorizationRequest } from './request.ts'

/** For how long the same verifier gives the same tokens again, seconds (design section 4). */
export const REPEAT_SECONDS = 60

/** A grant as it was just committed. */
interface Committed {
  readonly owner: string
  readonly grant: StoredGrant
  /** Seconds since the epoch. */
  readonly issuedAt: number
}

/** Seconds that an access token from the authorization endpoint lives; 0 where none is asked for. */
export function frontChannelLifetime({ client, config, responseTypes }: AuthorizationRequest): number {
  return responseTypes.includes('token') ? accessTokenLifespan(config.ttl, client.metadata, 'implicit') : 0
}

/**
 * The tokens an implicit or hybrid request is answered with (OIDC Core sections 3.2.2.5 and 3.3.2.5). They belong to
 * generation 0 of the grant: from before any token of its code.
 */
export async function frontChannelTokens(
  rt: Runtime,
  request: AuthorizationRequest,
  { owner, grant, issuedAt }: Committed,
  code: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { client, responseTypes } = request
  const lifetime = frontChannelLifetime(request)
  let accessToken: string | undefined
  if (responseTypes.includes('token')) {
    const token = { type: 'grant' as const, owner, grantId: grant.id, generation: 0, ...stampOf(client) }
    const { scope, audience, accessTokenClaims: custom } = grant
    const subject = shownSubject(grant)
    const times = { issuedAt, expiresAt: issuedAt + lifetime }
    const claims = { subject, clientId: client.id, scope, audience, custom, ...times }
    accessToken = await makeAccessToken(rt, client, token, claims)
  }
  const tokens =
    accessToken === undefined
      ? {}
      : { access_token: accessToken, token_type: 'bearer', expires_in: String(lifetime) }
  if (!responseTypes.includes('id_token')) return tokens
  const hashed = { at_hash: accessToken, c_hash: code, s_hash: request.state }
  const idToken = await makeIdToken(
    rt,
    client,
    grant,
    hashed,
    issuedAt,
    idTokenLifespan(rt.config.ttl, client.metadata, 'implicit'),
  )
  return { ...tokens, id_token: idToken }
}
