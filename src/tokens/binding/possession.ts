import type { RequestContext } from '../../context.ts'
import { OAuthError } from '../../errors/oauth-error.ts'
import { bearerToken, tokenOfScheme } from '../../http/bearer.ts'
import type { RequestBody } from '../../http/body.ts'
import { constantTimeEqual } from '../../util/digest.ts'
import type { JsonObject } from '../../util/json.ts'
import type { Binding, Confirmation, ProvingRequest } from './binding.ts'
import { none } from './none.ts'
import { BINDINGS } from './registry.ts'

/**
 * The binding of a token. Throws `server_error` for one that this release does not know: such a token is never taken for
 * one that anybody may bear.
 */
export function bindingOf(confirmation: Confirmation): Binding {
  if (confirmation === null) return none
  const binding = BINDINGS.find(({ kind }) => kind === confirmation[0])
  if (binding !== undefined) return binding
  throw new OAuthError('server_error', 'stored_unreadable', { place: 'token binding' })
}

/** The `cnf` claim of a token; `undefined` for a bearer token. */
export const cnfOf = (confirmation: Confirmation): JsonObject | undefined =>
  confirmation === null ? undefined : bindingOf(confirmation).cnf(confirmation[1])

/** What tokens that a request asks for are to be bound to: the first key it proves to hold. */
export async function confirmationBy(ctx: RequestContext, request: ProvingRequest): Promise<Confirmation> {
  for (const binding of BINDINGS) {
    const thumbprint = await binding.prove(ctx, request, null)
    if (thumbprint !== undefined) return [binding.kind, thumbprint]
  }
  return null
}

/** Whether tokens of one may be had for a credential that is bound to another. */
export const confirms = (required: Confirmation, proven: Confirmation): boolean =>
  required === null || (required[0] === proven?.[0] && constantTimeEqual(required[1], proven[1]))

/** An access token as a request brings it. */
export interface PresentedToken {
  readonly token: string
  /** Scheme it came under; a form or query has none of its own. */
  readonly scheme: string
  readonly request: ProvingRequest
}

/**
 * The access token of a request: from the Authorization header of any binding, else from form or query (RFC 6750
 * section 2).
 *
 * @param form - the body, where it may be a form
 */
export async function presentedToken(
  request: Request,
  form?: RequestBody,
): Promise<PresentedToken | undefined> {
  const authorization = request.headers.get('authorization')
  for (const { scheme } of BINDINGS) {
    const token = tokenOfScheme(authorization, scheme)
    if (token !== undefined) return { token, scheme, request }
  }
  const token = await bearerToken(request, form)
  return token === undefined ? undefined : { token, scheme: none.scheme, request }
}

/** Whether who presents a token may use it: it came as its binding has it, with the proof that the binding demands. */
export async function possesses(
  ctx: RequestContext,
  confirmation: Confirmation,
  { token, scheme, request }: PresentedToken,
): Promise<boolean> {
  const binding = bindingOf(confirmation)
  if (binding.scheme !== scheme) return false
  if (confirmation === null) return true
  const proven = await binding.prove(ctx, request, token)
  return proven !== undefined && confirms(confirmation, [binding.kind, proven])
}
