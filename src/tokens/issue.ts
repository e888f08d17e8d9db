import { listsGrantType } from '../clients/grant-types.ts'
import { isPublic } from '../clients/public.ts'
import type { RequestContext } from '../context.ts'
import type { StoredGrant } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { nowSeconds } from '../util/clock.ts'
import { makeAccessToken } from './access-token.ts'
import type { AccessTokenAddressee, Addressee, Requester } from './addressee.ts'
import { bindingOf } from './binding/possession.ts'
import { firstNonce } from './credential.ts'
import { type GrantToken, refreshTokens, stampOf } from './formats.ts'
import { makeIdToken } from './id-token.ts'
import type { TokenLifetimes } from './lifetimes.ts'
import { seenAs, subjectOf } from './subject.ts'
import { narrowed, type Targets } from './targets.ts'

/** Token response on the wire (RFC 6749 section 5.1, contract 2.5). */
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
  readonly owner: string
  readonly grant: StoredGrant
  readonly generation: number
  readonly issuedAt: number
  /** What of the grant's audience the access token is for. */
  readonly targets: Targets
}

/** What every token response holds. */
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

/** Whether a client may have refresh tokens for these scopes (OIDC Core section 11, contract 1.3.3). */
export function isRefreshable(client: ClientRecord, scope: readonly string[]): boolean {
  const offline = scope.includes('offline') || scope.includes('offline_access')
  return offline && listsGrantType(client, 'refresh_token')
}

const grantToken = (
  { client, confirmation }: Requester,
  { owner, grant, generation }: Generation,
  targets: Targets,
): GrantToken => ({
  type: 'grant',
  owner,
  grantId: grant.id,
  generation,
  targets,
  cnf: confirmation,
  ...stampOf(client),
})

/** A client that authenticates is bound by that when it refreshes; one that does not, by its key (RFC 9449 section 5). */
const refresher = ({ client, confirmation }: Requester): Requester => ({
  client,
  confirmation: isPublic(client) ? confirmation : null,
})

/** Makes the access token of one generation, to live for so many seconds. */
export function issueAccessToken(
  rt: Runtime,
  addressee: AccessTokenAddressee,
  generation: Generation,
  lifetime: number,
): Promise<string> {
  const { grant, issuedAt, targets } = generation
  const { scope, audience, accessTokenClaims: custom } = narrowed(grant, targets)
  const times = { issuedAt, expiresAt: issuedAt + lifetime }
  const subject = subjectOf(grant)
  // A JWT can be read by the client that holds it.
  const shown = subject === grant.subject ? custom : seenAs(custom, grant.subject, subject)
  const claims = { subject, scope, audience, custom: shown, ...times }
  return makeAccessToken(rt, addressee, grantToken(addressee, generation, targets), claims)
}

/**
 * Makes the tokens of one generation. Access and refresh token follow from the generation alone, so everybody who
 * is answered with it gets the same ones.
 */
export async function issueTokens(
  { rt }: RequestContext,
  addressee: Addressee,
  generation: Generation,
  lifetimes: TokenLifetimes,
): Promise<TokenResponse> {
  const { client } = addressee
  const { grant, issuedAt } = generation
  const { scope } = grant
  const accessToken = await issueAccessToken(rt, addressee, generation, lifetimes.accessToken)
  const expiresIn = Math.max(0, issuedAt + lifetimes.accessToken - nowSeconds())
  const refreshUntil = lifetimes.refreshToken === null ? null : issuedAt + lifetimes.refreshToken
  return {
    ...(await responseWith(rt, addressee, accessToken, expiresIn, scope)),
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
        grantToken(refresher(addressee), generation, null),
        refreshUntil,
      ),
    }),
  }
}
