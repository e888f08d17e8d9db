import { noteUse } from '../../clients/use.ts'
import { errorBody, OAuthError } from '../../errors/oauth-error.ts'
import { authorizeUrl } from '../../flow/urls.ts'
import { readQuery } from '../../http/form.ts'
import type { Runtime } from '../../runtime.ts'
import { type Addressee, prepareTokens } from '../../tokens/addressee.ts'
import { redirectUriDigest } from '../../tokens/code-binding.ts'
import { authorizationCodes, stampOf } from '../../tokens/formats.ts'
import { nowSeconds, seconds } from '../../util/clock.ts'
import { checkClaims } from '../check-claims.ts'
import { checkPkce } from '../check-pkce.ts'
import { checkMaxAge, checkPrompt } from '../check-prompt.ts'
import { checkRedirectUri, isImpersonable } from '../check-redirect-uri.ts'
import { checkRegistration } from '../check-registration.ts'
import { checkRequestObject } from '../check-request-object.ts'
import { checkResponseType, isFrontChannel } from '../check-response-type.ts'
import { checkNonce, checkState } from '../check-state.ts'
import { frontChannelLifetime, frontChannelTokens, REPEAT_SECONDS } from '../front-channel.ts'
import type { AuthorizationRequest, Target } from '../request.ts'
import { respondToClient } from '../respond.ts'
import { presumedTarget, resolveTarget } from '../target.ts'
import { type Approve, defineChannel, type Granted } from './channel.ts'

/**
 * The channel of a client that sends the browser and gets the answer through it (RFC 6749 section 4.1, OIDC Core
 * section 3).
 */
export const browser = defineChannel<Target>({
  name: 'browser',
  grantType: null,
  parameters: 'all',
  entryUrl: authorizeUrl,
  startUrl: (config, query) => `${authorizeUrl(config)}?${query}`,
  redirectUri: (query, { metadata }) => readQuery(query).get('redirect_uri') ?? metadata.redirect_uris?.[0],
  address: ({ client, parameters, config }) => resolveTarget(client, parameters, config),
  // The order of contract 1.3.2.
  checks: [
    ['request_object', checkRequestObject],
    ['registration', checkRegistration],
    ['response_type', checkResponseType],
    ['state', checkState],
    ['prompt', checkPrompt],
    ['max_age', checkMaxAge],
    ['claims', checkClaims],
    ['nonce', checkNonce],
    ['code_challenge', checkPkce],
    ['redirect_uri_scheme', checkRedirectUri],
  ],
  presume: ({ client, parameters }) => presumedTarget(client, parameters),
  tell: (c, target, error) => respondToClient(c, target, { ...errorBody(error) }),
  // The client gets the app's own error (contract 3.4, 3.5).
  deny: async (c, request, { error, description }, { step, owner }) => {
    if (step === 'consent') c.var.ctx.audit('consent.rejected', { client_id: request.client.id }, owner)
    return respondToClient(c, request, { error, error_description: description })
  },
  denialIsBound: false,
  approver: async ({ rt }, request, { scope }) => {
    if (!isFrontChannel(request)) return approve(request, undefined)
    if (request.responseTypes.includes('id_token') && !scope.includes('openid'))
      throw new OAuthError('unsupported_response_type', 'openid_missing')
    // A browser cannot prove that it holds a key of the client.
    return approve(request, await prepareTokens(rt, { client: request.client, confirmation: null }))
  },
  expiresAt: () => null,
  codeLifetime: ({ profile }) => profile.codeLifetime,
  tokenLifetime: frontChannelLifetime,
  isImpersonable: ({ redirectUri }) => isImpersonable(redirectUri),
})

/**
 * Sends the client what it asked for: the code, tokens, or both (RFC 6749 section 4.1.2, OIDC Core section 3.3.2.5).
 *
 * @param addressee - who the tokens are for, if the answer itself contains some
 */
const approve =
  (request: AuthorizationRequest, addressee: Addressee | undefined): Approve =>
  async (c, granted) => {
    const { rt } = c.var.ctx
    const { grant: consented, input, codeExpiresAt } = granted
    const code = request.responseTypes.includes('code') ? await makeCode(rt, request, granted) : undefined
    const issuedAt = seconds(codeExpiresAt - input.codeLifetime)
    const grant = { id: input.id, ...input.record }
    if (addressee !== undefined && nowSeconds() > issuedAt + REPEAT_SECONDS) return undefined
    const committed = { owner: consented.owner, grant, issuedAt }
    const tokens = addressee && (await frontChannelTokens(rt, request, addressee, committed, code))
    if (addressee !== undefined) noteUse(c.var.ctx, request.client)
    const parameters = { ...(code !== undefined && { code }), ...tokens, scope: grant.scope.join(' ') }
    return respondToClient(c, request, parameters, grant.sid)
  }

const makeCode = (
  rt: Runtime,
  { parameters, client }: AuthorizationRequest,
  { grant, codeExpiresAt }: Granted,
): Promise<string> =>
  authorizationCodes.seal(
    rt,
    {
      ...grant,
      redirectUri: redirectUriDigest(parameters.get('redirect_uri')),
      codeChallenge: parameters.get('code_challenge') ?? null,
      ...stampOf(client),
    },
    codeExpiresAt,
  )
