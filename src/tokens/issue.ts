import { isPublic } from '../clients/public.ts'
import type { RequestContext } from '../context.ts'
import type { Owner } from '../ledger/owner.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import { after, nowSeconds, type Seconds } from '../util/clock.ts'
import { makeAccessToken } from './access-token.ts'
import type { AccessTokenAddressee, Addressee, Requester } from './addressee.ts'
import { bindingOf } from './binding/possession.ts'
import { firstNonce } from './credential.ts'
import { type GrantToken, refreshTokens, stampOf } from './formats.ts'
import { makeIdToken } from './id-token.ts'
import { isRefreshable, type TokenLifetimes, withinFamily } from './lifetimes.ts'
import { seenAs, subjectOf } from './subject.ts'
import { narrowed, type Part, WHOLE } from './targets.ts'

/** A token response as JSON (RFC 6749 section 5.1, contract 2.5). */
export interface TokenResponse {
  readonly access_token: string
  readonly expires_in: number
  readonly scope: string
  readonly token_type: string
  readonly id_token?: string
  readonly refresh_token?: string
  readonly c_nonce_draft_00?: string
  readonly c_nonce_expires_in_draft_00?: number
}

/** One generation of a grant, as its ledger committed it. */
export interface Generation {
  readonly owner: Owner
  readonly grant: StoredGrant
  readonly generation: number
  readonly issuedAt: Seconds
  /** What of the grant the access token is for. */
  readonly part: Part
}

/** Makes the members that every token response has. */
export async function responseWith(
  rt: Runtime,
  { confirmation }: Requester,
  accessToken: string,
  expiresIn: number,
  scope: readonly string[],
): Promise<TokenResponse> {
  return {
    access_token: accessToken,
    expires_in: expiresIn,
    scope: scope.join(' '),
    token_type: bindingOf(confirmation).tokenType,
    ...(await firstNonce(rt, scope, accessToken)),
  }
}

const grantToken = (
  { client, confirmation }: Requester,
  { owner, grant, generation }: Generation,
  part: Part,
): GrantToken => ({
  type: 'grant',
  owner,
  grantId: grant.id,
  generation,
  ...part,
  cnf: confirmation,
  ...stampOf(client),
})

/**
 * The requester that a refresh token is bound to: a client that authenticates needs no proof of a key when it
 * refreshes, a public client does (RFC 9449 section 5).
 */
const refresher = ({ client, confirmation }: Requester): Requester => ({
  client,
  confirmation: isPublic(client) ? confirmation : null,
})

/** Makes the access token of a generation; `lifetime` is in seconds. */
export function issueAccessToken(
  rt: Runtime,
  addressee: AccessTokenAddressee,
  generation: Generation,
  lifetime: Seconds,
): Promise<string> {
  const { grant, issuedAt, part } = generation
  const { scope, audience, accessTokenClaims: custom } = narrowed(grant, part)
  const times = { issuedAt, expiresAt: after(issuedAt, lifetime) }
  const subject = subjectOf(grant)
  // The client can read a JWT, so a pairwise client must not find the subject in it.
  const shown = subject === grant.subject ? custom : seenAs(custom, grant.subject, subject)
  const claims = { subject, scope, audience, custom: shown, ...times }
  return makeAccessToken(rt, addressee, grantToken(addressee, generation, part), claims)
}

/**
 * Makes the tokens of a generation. Refresh tokens depend only on the generation, access tokens also on the part that is
 * asked for, so every answer to the same request has the same ones.
 */
export async function issueTokens(
  { rt }: RequestContext,
  addressee: Addressee,
  generation: Generation,
  configured: TokenLifetimes,
): Promise<TokenResponse> {
  const { client } = addressee
  const { grant, issuedAt, part } = generation
  const { scope } = grant
  const lifetimes = withinFamily(configured, client, grant, issuedAt)
  const accessToken = await issueAccessToken(rt, addressee, generation, lifetimes.accessToken)
  const expiresIn = Math.max(0, issuedAt + lifetimes.accessToken - nowSeconds())
  const refreshUntil = lifetimes.refreshToken === null ? null : after(issuedAt, lifetimes.refreshToken)
  return {
    ...(await responseWith(rt, addressee, accessToken, expiresIn, narrowed(grant, part).scope)),
    ...(scope.includes('openid') && {
      id_token: await makeIdToken(
        rt,
        addressee,
        grant,
        { at_hash: accessToken },
        issuedAt,
        lifetimes.idToken,
      ),
    }),
    ...(isRefreshable(client, scope) && {
      refresh_token: await refreshTokens.seal(
        rt,
        grantToken(refresher(addressee), generation, WHOLE),
        refreshUntil,
      ),
    }),
  }
}
