import { audienceIn, resourcesIn } from '../clients/resource.ts'
import type { RequestContext } from '../context.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import { invalidClient } from '../errors/refusals.ts'
import type { DeviceRef } from '../flow/state.ts'
import { MAX_QUERY, type Parameters, readQuery } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { checkClaims } from './check-claims.ts'
import { checkDeviceGrant } from './check-device-grant.ts'
import { checkLimits } from './check-limits.ts'
import { checkPkce } from './check-pkce.ts'
import { checkMaxAge, checkPrompt } from './check-prompt.ts'
import { checkRedirectUri } from './check-redirect-uri.ts'
import { checkRegistration } from './check-registration.ts'
import { checkResponseType } from './check-response-type.ts'
import { checkNonce, checkState } from './check-state.ts'
import type { Check, FlowCheck, FlowRequest, Target } from './request.ts'
import { findClient, resolveTarget } from './target.ts'

/** The rules an authorization request must pass, in the order of contract 1.3.2: the first failure wins. */
const checks: readonly Check[] = [
  checkLimits,
  checkRegistration,
  checkResponseType,
  checkState,
  checkPrompt,
  checkMaxAge,
  checkClaims,
  checkNonce,
  checkPkce,
  checkRedirectUri,
]

/** The rules for a device's request (RFC 8628 section 3.1, contract 1.3.9). */
const deviceChecks: readonly FlowCheck[] = [checkDeviceGrant, checkLimits]

/** A request that passed, or the error and, once it is known, the client's address it may be sent to. */
export type Validation =
  | { readonly request: FlowRequest; readonly error?: undefined }
  | { readonly target: Target | undefined; readonly error: OAuthError }

/**
 * Validates an authorization request, or that of a device, against the client's registration. A refusal by a cached copy of the
 * client counts only after the source said the same (design rule 5). Throws only what is no refusal.
 */
export async function validate(
  ctx: RequestContext,
  query: string,
  device: DeviceRef | null = null,
): Promise<Validation> {
  try {
    const parameters = readQuery(query)
    // A hint may be as long as it was made. Nothing that a stranger writes is: it would travel in the login challenge.
    if (query.length > MAX_QUERY + (parameters.get('id_token_hint')?.length ?? 0))
      throw invalidRequest(`The request is longer than ${MAX_QUERY} characters.`)
    const client = await findClient(ctx, parameters)
    const first = judge(ctx, client, query, parameters, device)
    if (first.error === undefined) return first
    const current = await ctx.rt.clients.fresh(client.id)
    if (current === undefined) throw invalidClient('The client does not exist.')
    return current.version === client.version ? first : judge(ctx, current, query, parameters, device)
  } catch (thrown) {
    if (!(thrown instanceof OAuthError) || thrown.status >= 500) throw thrown
    return { target: undefined, error: thrown }
  }
}

function judge(
  { rt: { config } }: RequestContext,
  client: ClientRecord,
  query: string,
  parameters: Parameters,
  device: DeviceRef | null,
): Validation {
  let target: Target | undefined
  try {
    const given = { client, config, query, parameters }
    if (device !== null) {
      const request = { ...given, ...listsOf(parameters), device }
      for (const check of deviceChecks) check(request)
      return { request }
    }
    target = resolveTarget(client, parameters)
    const request = { ...given, ...listsOf(parameters), ...target, device }
    for (const check of checks) check(request)
    return { request }
  } catch (thrown) {
    if (!(thrown instanceof OAuthError)) throw thrown
    return { target, error: thrown }
  }
}

const listsOf = (
  parameters: Parameters,
): Pick<FlowRequest, 'scope' | 'audience' | 'resources' | 'prompt'> => ({
  scope: parameters.scopes(),
  audience: audienceIn(parameters),
  resources: resourcesIn(parameters),
  prompt: parameters.list('prompt'),
})
