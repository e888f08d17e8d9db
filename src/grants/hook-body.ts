import { ID_TOKEN_SET } from '../keys/ring.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import { nowSeconds } from '../util/clock.ts'
import { grantIdOf, sidOf } from '../util/ids.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import type { HookedRequest } from './hook.ts'
import type { SelfContainedClaims } from './self-contained-token.ts'

/** What hooks learn about a grant; a token without a grant fills in what it has. */
export type HookSession = Omit<
  StoredGrant,
  'instance' | 'query' | 'requestedAudience' | 'remember' | 'rememberFor' | 'handledAt' | 'context'
>

/** The hook session of a token that represents a client, or the subject of an assertion. */
export const selfContainedSession = (
  { client, form }: Pick<HookedRequest, 'client' | 'form'>,
  { subject, scope, audience }: SelfContainedClaims,
): HookSession => ({
  id: grantIdOf(''),
  subject: subject ?? client.id,
  clientId: client.id,
  sid: sidOf(''),
  requestedAt: nowSeconds(),
  authTime: nowSeconds(),
  scope,
  audience,
  requestedScope: form.scopes(),
  nonce: null,
  acr: '',
  amr: [],
  accessTokenClaims: {},
  idTokenClaims: {},
})

/** What the token hook gets in addition to the session (contract 1.5). */
export const tokenHookBody = (request: HookedRequest, session: HookSession): object => ({
  request: {
    ...requesterOf(request, session),
    requested_scopes: session.requestedScope,
    payload: payloadOf(request),
  },
})

/** What the older refresh token hook gets in addition to the session (contract 1.5). */
export function refreshHookBody(request: HookedRequest, session: HookSession): object {
  const requester = requesterOf(request, session)
  const { grant_types: _types, ...granted } = requester
  return { subject: session.subject, requester, ...granted }
}

const requesterOf = ({ client, form }: HookedRequest, { scope, audience }: HookSession) => ({
  client_id: client.id,
  granted_scopes: scope,
  granted_audience: audience,
  grant_types: [form.get('grant_type') ?? ''],
})

/** The form parameters that hooks may see. `client_id` is the client that counts, where the form names one. */
const payloadOf = ({ client, form }: HookedRequest): object =>
  Object.fromEntries(
    ['assertion', 'grant_type', 'response_type', 'scope', 'client_id'].map((name) => {
      const value = form.get(name) && (name === 'client_id' ? client.id : form.get(name))
      return [name, value === undefined ? undefined : [value]]
    }),
  )

/** The session as JSON for hooks; JSON leaves out undefined members. */
export async function hookedSession(
  rt: Runtime,
  request: HookedRequest,
  session: HookSession,
): Promise<object> {
  const { oauth2, urls } = rt.config
  const { subject, clientId, sid } = session
  const { kid } = await rt.keys.signer(ID_TOKEN_SET)
  const now = nowSeconds()
  const { accessToken, idToken = accessToken, refreshToken = null } = request.lifetimes
  return {
    id_token: {
      id_token_claims: {
        jti: '',
        iss: urls.issuer,
        sub: subject,
        aud: [clientId],
        nonce: session.nonce ?? '',
        exp: rfc3339(now + idToken),
        iat: rfc3339(now),
        rat: rfc3339(session.requestedAt),
        auth_time: rfc3339(session.authTime),
        at_hash: '',
        acr: session.acr,
        amr: session.amr,
        c_hash: '',
        ext: { ...session.idTokenClaims, ...(sid && { sid }) },
      },
      headers: { extra: { kid } },
      expires_at: {
        access_token: rfc3339(now + accessToken),
        refresh_token: refreshToken === null ? undefined : rfc3339(now + refreshToken),
      },
      username: '',
      subject,
    },
    extra: session.accessTokenClaims,
    kid,
    client_id: clientId,
    consent_challenge: session.id,
    exclude_not_before_claim: oauth2.excludeNotBeforeClaim,
    allowed_top_level_claims: oauth2.allowedTopLevelClaims,
    mirror_top_level_claims: oauth2.mirrorTopLevelClaims,
    preserve_ext_claims: oauth2.preserveExtClaims,
  }
}
