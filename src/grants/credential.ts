import { findClientOrAskSource } from '../clients/lookup.ts'
import { isPublic } from '../clients/public.ts'
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
import { kindBySight } from '../tokens/kind-by-sight.ts'
import { rfc3339 } from '../util/rfc3339.ts'

/** An opened credential, and the current record of the client that it was issued to. */
export interface OpenedCredential<Content> {
  readonly client: ClientRecord
  readonly content: Content
}

/** The other parts of a token request that a credential is checked against. */
export interface CredentialRequest {
  readonly form: Parameters
  /** The key whose possession the request proves. */
  readonly confirmation: Confirmation
}

/** The credential of a grant type: where a token request has it, and how to open it. */
export interface Credential<Content> {
  /** The parameter that contains it; null if the client's own authentication is the credential. */
  readonly parameter: string | null
  /** Log name and error reason for a second use; null if a second use revokes no grant. */
  readonly reuse: { readonly credential: string; readonly reason: Reason } | null
  /** Opens the credential, or throws the error to send to the client. */
  open(
    ctx: RequestContext,
    client: ClientRecord,
    presented: string,
    request: CredentialRequest,
  ): Promise<OpenedCredential<Content>>
}

/** What differs between the kinds of credentials that this server issues. */
interface Issued<Content> {
  readonly parameter: string
  readonly use: 'code' | 'refresh_token'
  readonly format: Sealed<Content>
  readonly unknown: Reason
  readonly expired: { readonly code: ErrorCode; readonly reason: Reason }
  readonly reused: Reason
}

/**
 * A kind of credential that this server issued. It must open, belong to the current instance of the client, not have
 * expired, and come with proof of the key it is bound to, if any. Nothing is looked up before it opens (design rule 1).
 * Throws `invalid_grant`, or the kind's own error for an expired one.
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
    if (content === undefined) throw unusable(parameter, presented, unknown)
    const fits = (current: ClientRecord): boolean => stampFits(use, content, current)
    const client = await findClientOrAskSource(rt, copy.id, fits, copy)
    if (client === undefined) throw ofOther(copy, presented, unknown)
    if (isExpired(content))
      throw new OAuthError(expired.code, expired.reason, { expired: rfc3339(content.expiresAt ?? 0) })
    if (!confirms(content.cnf ?? null, confirmation)) throw invalidGrant('proof_missing')
    return { client, content }
  },
})

/** What each parameter takes. */
const TAKEN: Readonly<Record<string, string>> = {
  code: 'an authorization code',
  refresh_token: 'a refresh token',
  device_code: 'a device code',
}

/** Returns the error for a text that does not open: it may be a credential of another kind. */
function unusable(parameter: string, presented: string, unknown: Reason): OAuthError {
  const kind = kindBySight(presented)
  const expected = TAKEN[parameter]
  return kind === undefined || expected === undefined || kind === expected
    ? invalidGrant(unknown, { length: presented.length })
    : invalidGrant('credential_of_other_kind', { kind, parameter, expected })
}

/** Returns the error for another client's credential. A client is told the same as of one that nobody issued. */
const ofOther = (client: ClientRecord, presented: string, unknown: Reason): OAuthError =>
  new OAuthError(
    'invalid_grant',
    'client_differs',
    { length: presented.length },
    isPublic(client) ? null : unknown,
  )

/** A kind of credential that somebody else issued. `verify` checks it, and throws the error to send to the client. */
export const foreignCredential = <Content>(
  parameter: string,
  verify: (ctx: RequestContext, presented: string, form: Parameters) => Promise<Content>,
): Credential<Content> => ({
  parameter,
  reuse: null,
  open: async (ctx, client, presented, { form }) => ({ client, content: await verify(ctx, presented, form) }),
})

/** The credential of a grant to the client itself, which has already authenticated. */
export const clientItself: Credential<null> = {
  parameter: null,
  reuse: null,
  open: (_ctx, client) => Promise.resolve({ client, content: null }),
}
