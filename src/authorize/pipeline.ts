import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { checkPkce } from './check-pkce.ts'
import { checkMaxAge, checkPrompt } from './check-prompt.ts'
import { checkRedirectUri } from './check-redirect-uri.ts'
import { checkRequestObject } from './check-request-object.ts'
import { checkResponseType } from './check-response-type.ts'
import { checkAudience, checkScope } from './check-scope.ts'
import { checkNonce, checkState } from './check-state.ts'
import type { AuthorizationRequest, Check, Target } from './request.ts'
import { findClient, resolveTarget } from './target.ts'

/** The rules an authorization request must pass, in the order of contract 1.3.2: the first failure wins. */
const checks: readonly Check[] = [
  checkScope,
  checkAudience,
  checkRequestObject,
  checkResponseType,
  checkState,
  checkPrompt,
  checkMaxAge,
  checkNonce,
  checkPkce,
  checkRedirectUri,
]

/** A request that passed, or the error and, once it is known, the client's address it may be sent to. */
export type Validation =
  | { readonly request: AuthorizationRequest; readonly error?: undefined }
  | { readonly target: Target | undefined; readonly error: OAuthError }

/**
 * Validates an authorization request against the client's registration. A refusal by a cached copy of the
 * client counts only after the source said the same (design rule 5). Throws only what is no refusal.
 */
export async function validate(ctx: RequestContext, query: string): Promise<Validation> {
  try {
    const parameters = new Parameters(new URLSearchParams(query))
    const client = await findClient(ctx, parameters)
    const first = judge(ctx, client, query, parameters)
    if (first.error === undefined) return first
    const current = await ctx.rt.clients.fresh(client.id)
    if (current === undefined) throw new OAuthError('invalid_client', 'The client does not exist.')
    return current.version === client.version ? first : judge(ctx, current, query, parameters)
  } catch (thrown) {
    if (!(thrown instanceof OAuthError) || thrown.status >= 500) throw thrown
    return { target: undefined, error: thrown }
  }
}

function judge(ctx: RequestContext, client: ClientRecord, query: string, parameters: Parameters): Validation {
  let target: Target | undefined
  try {
    target = resolveTarget(client, parameters)
    const request: AuthorizationRequest = {
      ...target,
      config: ctx.rt.config,
      query,
      parameters,
      scope: [...new Set(parameters.list('scope'))],
      audience: [...new Set(parameters.list('audience'))],
      prompt: parameters.list('prompt'),
    }
    for (const check of checks) check(request)
    return { request }
  } catch (thrown) {
    if (!(thrown instanceof OAuthError)) throw thrown
    return { target, error: thrown }
  }
}
