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
 * The binding of a token. Throws `server_error` for a kind that this release does not know: such a token must not
 * become a bearer token.
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

/** What to bind the requested tokens to: the first key whose possession the request proves. */
export async function confirmationBy(ctx: RequestContext, request: ProvingRequest): Promise<Confirmation> {
  for (const binding of BINDINGS) {
    const thumbprint = await binding.prove(ctx, request, null)
    if (thumbprint !== undefined) return [binding.kind, thumbprint]
  }
  return null
}

/** Whether the key that a request proved is the one that its credential requires; null requires none. */
export const confirms = (required: Confirmation, proven: Confirmation): boolean =>
  required === null || (required[0] === proven?.[0] && constantTimeEqual(required[1], proven[1]))

/** An access token as a request presents it. */
export interface PresentedToken {
  readonly token: string
  /** Authorization scheme; that of bearer tokens if the token is in a form or query. */
  readonly scheme: string
  readonly request: ProvingRequest
}

/**
 * The access token of a request: from the Authorization header, in the scheme of any binding, or else from form or
 * query (RFC 6750 section 2).
 *
 * @param form - the body, if it may be a form
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

/**
 * Whether the request may use the token it presents: the token has the scheme of its binding, and the proof that this
 * requires.
 */
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
