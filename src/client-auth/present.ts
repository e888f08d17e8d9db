import type { RequestContext } from '../context.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import type { Reason } from '../errors/reasons.ts'
import { invalidClient } from '../errors/refusals.ts'
import type { Parameters } from '../http/form.ts'
import { constantTimeEqual } from '../util/digest.ts'
import { clientSecretBasic } from './client-secret-basic.ts'
import { clientSecretPost } from './client-secret-post.ts'
import { type AuthenticatedEndpoint, methodsAt } from './endpoints.ts'
import type { ClientAuthMethod, ClientRequest, Credentials } from './method.ts'
import { none } from './none.ts'
import { METHODS } from './registry.ts'

/** The credentials of a request, and their method. */
export interface Presented extends Credentials {
  readonly method: ClientAuthMethod
  /** What is beside Basic credentials and counts for nothing, as a reason to refuse it; null if nothing is. */
  readonly ignored: Reason | null
}

/** Whether a request holds credentials of a client, valid or not. A mere `client_id` is none. */
export const hasCredentials = (request: ClientRequest): boolean =>
  METHODS.some((method) => method.isPresent(request))

/**
 * Reads the credentials of a request. Beside Basic there may be the same id and secret in the body, and any `client_id`:
 * the profile of the client decides whether they are `ignored` (RFC 6749 section 2.3 forbids two methods).
 *
 * @throws `invalid_request` for credentials of more than one method; `invalid_request` or `invalid_client` for those of
 *   another client than `client_id`; whatever the method throws for malformed ones
 */
export function present(ctx: RequestContext, request: ClientRequest): Presented {
  const [method = none, ...others] = METHODS.filter((known) => known.isPresent(request))
  const { id, proof } = method.read(ctx, request)
  const named = request.form.get('client_id') ?? id
  const presented = { id, proof, method: proof === null ? none : method }
  if (others.length > 0) {
    const repeats = method === clientSecretBasic && others.every((other) => other === clientSecretPost)
    if (!repeats || named !== id || !sameSecret(proof, request.form))
      throw invalidRequest('credentials_ambiguous')
    return { ...presented, ignored: 'credentials_ambiguous' }
  }
  if (named === id) return { ...presented, ignored: null }
  if (method !== clientSecretBasic || proof === null)
    throw new OAuthError(method.otherClient, 'client_id_differs')
  return { ...presented, ignored: 'client_id_differs' }
}

const sameSecret = (proof: Credentials['proof'], form: Parameters): boolean =>
  constantTimeEqual(proof?.secret ?? '', form.get('client_secret') ?? '')

/** Throws `invalid_client` if an endpoint does not take the method: that of public clients, where one must be known. */
export function requireTaken(endpoint: AuthenticatedEndpoint, { method }: ClientAuthMethod): void {
  if (!methodsAt(endpoint).includes(method)) throw invalidClient('client_public')
}
