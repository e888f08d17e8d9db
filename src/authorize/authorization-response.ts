import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import type { ConsentedGrant, GrantInput } from '../ledger/types.ts'
import type { Runtime } from '../runtime.ts'
import type { Addressee } from '../tokens/addressee.ts'
import { redirectUriDigest } from '../tokens/code-binding.ts'
import { authorizationCodes, stampOf } from '../tokens/formats.ts'
import { nowSeconds } from '../util/clock.ts'
import { frontChannelTokens, REPEAT_SECONDS } from './front-channel.ts'
import type { AuthorizationRequest } from './request.ts'
import { respondToClient } from './respond.ts'
import { startAfresh } from './resume.ts'

/** What was granted; whom tokens are for where some are asked for right here. */
interface Answer {
  readonly input: GrantInput
  readonly codeExpiresAt: number
  readonly addressee: Addressee | undefined
}

/** Gives the client what it asked for: the code, tokens, or both (RFC 6749 section 4.1.2, OIDC Core section 3.3.2.5). */
export async function answerClient(
  c: Context<AppEnv>,
  request: AuthorizationRequest,
  granted: ConsentedGrant,
  { input, codeExpiresAt, addressee }: Answer,
): Promise<Response> {
  const { rt } = c.var.ctx
  const code = request.responseTypes.includes('code')
    ? await makeCode(rt, request, granted, codeExpiresAt)
    : undefined
  const issuedAt = codeExpiresAt - input.codeLifetime
  const grant = { id: input.id, ...input.record }
  const committed = { owner: granted.owner, grant, issuedAt }
  if (addressee !== undefined && nowSeconds() > issuedAt + REPEAT_SECONDS) return startAfresh(c, request)
  const tokens = addressee && (await frontChannelTokens(rt, request, addressee, committed, code))
  const parameters = { ...(code !== undefined && { code }), ...tokens, scope: grant.scope.join(' ') }
  return respondToClient(c, request, parameters, grant.sid)
}

const makeCode = (
  rt: Runtime,
  { parameters, client }: AuthorizationRequest,
  granted: ConsentedGrant,
  expiresAt: number,
): Promise<string> =>
  authorizationCodes.seal(
    rt,
    {
      ...granted,
      redirectUri: redirectUriDigest(parameters.get('redirect_uri')),
      codeChallenge: parameters.get('code_challenge') ?? null,
      ...stampOf(client),
    },
    expiresAt,
  )
