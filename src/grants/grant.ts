import { listsGrantType } from '../clients/grant-types.ts'
import type { IssuingGrant } from '../clients/lifespans.ts'
import { findClientOrAskSource } from '../clients/lookup.ts'
import { isPublic } from '../clients/public.ts'
import type { RequestContext } from '../context.ts'
import { invalidGrant, OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import { underAttempt } from '../http/idempotency.ts'
import type { ClientRecord } from '../store/types.ts'
import type { Requester } from '../tokens/addressee.ts'
import type { ProvingRequest } from '../tokens/binding/binding.ts'
import { confirmationBy } from '../tokens/binding/possession.ts'
import type { TokenResponse } from '../tokens/issue.ts'
import { nowSeconds } from '../util/clock.ts'
import type { Credential } from './credential.ts'
import { type Permitted, permitted, type ScopePolicy } from './permitted.ts'

/** By which names a grant is known. */
export interface GrantName<Short extends IssuingGrant = IssuingGrant> {
  /** On the wire, as `grant_type`. */
  readonly type: string
  /** In a client's lifespan fields. */
  readonly shortName: Short
}

/** What a grant is asked for once the shared checks have passed. */
export interface GrantRequest<Content> extends Permitted, Requester {
  readonly form: Parameters
  readonly credential: Content
}

/** The credential was used before, and the grant it led to is dead now. */
export interface Reused {
  readonly reusedGrant: string
}

/** One grant type: what is its own. All else is `defineGrant`'s. */
export interface GrantDefinition<Content> extends GrantName {
  /** Whether a client without credentials may use it; not, unless said. */
  readonly publicClients?: boolean
  /** What decides about scopes and audiences; the client's registration, unless said. */
  readonly scopePolicy?: ScopePolicy
  readonly credential: Credential<Content>
  /**
   * Checks what else the grant has, commits under `ctx.attempt`, and issues. All that a token takes is found before the
   * commit (`tokens/addressee.ts`). Throws what the client is told.
   */
  run(ctx: RequestContext, request: GrantRequest<Content>): Promise<TokenResponse | Reused>
}

/** A token request: its parameters, and what it may prove a key by. */
export interface TokenRequest {
  readonly form: Parameters
  readonly request: ProvingRequest
}

/** A grant type as the token endpoint runs it for a client that has authenticated. */
export interface Grant extends GrantName {
  answer(ctx: RequestContext, client: ClientRecord, asked: TokenRequest): Promise<TokenResponse>
}

/**
 * A grant type with the steps that all share, in the order of contract 1.3.3: may a public client use it, is it
 * registered, does the credential open and belong to the client and its key, may the client have what it asks for. What
 * it commits goes under one attempt for each credential, and a reuse is told to log and book.
 */
export const defineGrant = <Content>(definition: GrantDefinition<Content>): Grant => ({
  type: definition.type,
  shortName: definition.shortName,
  async answer(ctx, registered, { form, request }) {
    const { credential, scopePolicy = 'registered' } = definition
    const allowed = await allowedClient(ctx, definition, registered)
    const presented = credential.parameter === null ? '' : form.require(credential.parameter)
    const confirmation = await confirmationBy(ctx, request)
    const by = { form, confirmation }
    const { client, content } = await credential.open(ctx, allowed, presented, by)
    const may = await permitted(ctx.rt, scopePolicy, client, form)
    const run = (attempt: string): Promise<TokenResponse | Reused> =>
      definition.run({ ...ctx, attempt }, { ...may, ...by, credential: content })
    const outcome =
      credential.parameter === null
        ? await run(ctx.attempt)
        : await underAttempt(ctx.attempt, client.id, presented, run)
    if ('reusedGrant' in outcome) throw refuseReused(ctx, client, credential, outcome)
    return outcome
  },
})

/** The client, which must list the grant type; a public one only where the grant is for public clients too. */
async function allowedClient(
  { rt }: RequestContext,
  { type, publicClients = false }: Pick<GrantDefinition<never>, 'type' | 'publicClients'>,
  client: ClientRecord,
): Promise<ClientRecord> {
  if (!publicClients && isPublic(client)) throw invalidGrant('client_public')
  const fitting = await findClientOrAskSource(rt, client.id, (known) => listsGrantType(known, type), client)
  if (fitting !== undefined) return fitting
  throw new OAuthError('unauthorized_client', 'grant_type_not_allowed', { grant_type: type })
}

/** A code or refresh token came once more, and its family is dead: says so to the logs and the book. */
function refuseReused(
  { rt, audit, defer }: RequestContext,
  client: ClientRecord,
  { reuse }: Pick<Credential<never>, 'reuse'>,
  { reusedGrant }: Reused,
): OAuthError {
  audit('token.reuse_detected', {
    client_id: client.id,
    grant: reusedGrant,
    credential: reuse?.credential ?? null,
  })
  defer(rt.book.revoke([reusedGrant], nowSeconds()))
  return invalidGrant(reuse?.reason ?? 'grant_ended')
}
