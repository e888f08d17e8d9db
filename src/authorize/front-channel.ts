import { accessTokenLifespan, idTokenLifespan } from '../clients/lifespans.ts'
import type { Runtime } from '../runtime.ts'
import type { Addressee } from '../tokens/addressee.ts'
import { bindingOf } from '../tokens/binding/possession.ts'
import { makeIdToken } from '../tokens/id-token.ts'
import { type Generation, issueAccessToken } from '../tokens/issue.ts'
import { WHOLE } from '../tokens/targets.ts'
import { type Seconds, seconds } from '../util/clock.ts'
import type { AuthorizationRequest } from './request.ts'

/** How long the same verifier gives the same tokens again, in seconds (design section 4). */
export const REPEAT_SECONDS = 60

/** Lifetime in seconds of an access token from the authorization endpoint; 0 if the request asks for none. */
export function frontChannelLifetime({ client, config, responseTypes }: AuthorizationRequest): Seconds {
  return responseTypes.includes('token')
    ? accessTokenLifespan(config.ttl, client.metadata, 'implicit')
    : seconds(0)
}

/**
 * Makes the tokens that answer an implicit or hybrid request (OIDC Core sections 3.2.2.5 and 3.3.2.5). They belong to
 * generation 0 of the grant, before any token that its code gives.
 */
export async function frontChannelTokens(
  rt: Runtime,
  request: AuthorizationRequest,
  addressee: Addressee,
  { owner, grant, issuedAt }: Omit<Generation, 'generation' | 'part'>,
  code: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { client, responseTypes } = request
  const lifetime = frontChannelLifetime(request)
  const accessToken = responseTypes.includes('token')
    ? await issueAccessToken(rt, addressee, { owner, grant, generation: 0, issuedAt, part: WHOLE }, lifetime)
    : undefined
  const tokens =
    accessToken === undefined
      ? {}
      : {
          access_token: accessToken,
          token_type: bindingOf(addressee.confirmation).tokenType,
          expires_in: String(lifetime),
        }
  if (!responseTypes.includes('id_token')) return tokens
  const hashed = { at_hash: accessToken, c_hash: code, s_hash: request.state }
  const idLifetime = idTokenLifespan(rt.config.ttl, client.metadata, 'implicit')
  const idToken = await makeIdToken(rt, addressee, grant, hashed, issuedAt, idLifetime)
  return { ...tokens, id_token: idToken }
}
