import { findClientOrAskSource } from '../clients/lookup.ts'
import type { RequestContext } from '../context.ts'
import type { Expiring, Sealed } from '../crypto/sealed.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { invalidGrant, OAuthError } from '../errors/oauth-error.ts'
import type { Reason } from '../errors/reasons.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { isExpired } from '../tokens/active-token.ts'
import type { Confirmation } from '../tokens/binding/binding.ts'
import { confirms } from '../tokens/binding/possession.ts'
import { type ClientStamp, stampFits } from '../tokens/formats.ts'

/** A credential that opened, and the client as it is, to whom it was issued. */
export interface Opened<Content> {
  readonly client: ClientRecord
  readonly content: Content
}

/** What else of a request a credential is held against. */
export interface CredentialRequest {
  readonly form: Parameters
  /** The key that the request proves to hold. */
  readonly confirmation: Confirmation
}

/** What a grant is exchanged for at the token endpoint, and how it opens. */
export interface Credential<Content> {
  /** The parameter that brings it; null where the client's own authentication is all there is. */
  readonly parameter: string | null
  /** What the log says when it comes once more after it was used. */
  readonly reuse: { readonly credential: string; readonly reason: Reason } | null
  /** Opens it, or throws what the client is told. */
  open(
    ctx: RequestContext,
    client: ClientRecord,
    presented: string,
    request: CredentialRequest,
  ): Promise<Opened<Content>>
}

/** How a credential that this server issued is told from others. */
interface Issued<Content> {
  readonly parameter: string
  readonly use: 'code' | 'refresh_token'
  readonly format: Sealed<Content>
  readonly unknown: Reason
  readonly expired: { readonly code: ErrorCode; readonly reason: Reason }
  readonly reused: Reason
}

/**
 * A credential that this server issued. It must open, belong to this very creation of the client, not have expired, and
 * come with the key it is bound to, if it is; nothing is asked before it opens (design rule 1). Throws `invalid_grant`, or
 * what an expired one is told.
 */
export const issuedCredential = <Content extends ClientStamp & { readonly cnf?: Confirmation }>({
  parameter,
  use,
  format,
  unknown,
  expired,
  reused,
}: Issued<Content>): Credential<Expiring<Content>> => ({
  parameter,
  reuse: { credential: use, reason: reused },
  async open({ rt }, copy, presented, { confirmation }) {
    const content = await format.open(rt, presented)
    if (content === undefined) throw invalidGrant(unknown)
    const fits = (current: ClientRecord): boolean => stampFits(use, content, current)
    const client = await findClientOrAskSource(rt, copy.id, fits, copy)
    if (client === undefined) throw invalidGrant('client_differs')
    if (isExpired(content)) throw new OAuthError(expired.code, expired.reason)
    if (!confirms(content.cnf ?? null, confirmation)) throw invalidGrant('proof_missing')
    return { client, content }
  },
})

/** A credential of somebody else, which `verify` holds against what is trusted; it throws what the client is told. */
export const foreignCredential = <Content>(
  parameter: string,
  verify: (ctx: RequestContext, presented: string, form: Parameters) => Promise<Content>,
): Credential<Content> => ({
  parameter,
  reuse: null,
  open: async (ctx, client, presented, { form }) => ({ client, content: await verify(ctx, presented, form) }),
})

/** For a grant to the client itself, which has proven already who it is. */
export const clientItself: Credential<null> = {
  parameter: null,
  reuse: null,
  open: (_ctx, client) => Promise.resolve({ client, content: null }),
}
