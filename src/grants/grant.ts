import { listsGrantType } from '../clients/grant-types.ts'
import type { IssuingGrant } from '../clients/lifespans.ts'
import { findClientOrAskSource } from '../clients/lookup.ts'
import { isPublic } from '../clients/public.ts'
import type { RequestContext } from '../context.ts'
import { asToldToClient, invalidGrant, OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import { underAttempt } from '../http/idempotency.ts'
import type { Owner } from '../ledger/owner.ts'
import type { Ends } from '../ledger/types.ts'
import { noteEnds } from '../logout/note-ends.ts'
import type { ClientRecord } from '../store/types.ts'
import type { Requester } from '../tokens/addressee.ts'
import type { ProvingRequest } from '../tokens/binding/binding.ts'
import { confirmationBy } from '../tokens/binding/possession.ts'
import type { TokenResponse } from '../tokens/issue.ts'
import type { GrantId } from '../util/ids.ts'
import type { Credential } from './credential.ts'
import { refusedReuse } from './ended.ts'
import { type Permitted, permitted, type ScopePolicy } from './permitted.ts'

/** The names of a grant type. */
export interface GrantName<Short extends IssuingGrant = IssuingGrant> {
  /** In requests, as `grant_type`. */
  readonly type: string
  /** In a client's lifespan fields. */
  readonly shortName: Short
}

/** A token request that passed the shared checks. */
export interface GrantRequest<Content> extends Permitted, Requester {
  readonly form: Parameters
  readonly credential: Content
}

/** The credential was used before; the grant it led to is now revoked. */
export interface Reused {
  readonly reusedGrant: GrantId
  /** The ledger that the grant lies in. */
  readonly owner: Owner
  /** What ended with the grant, as the ledger told it. */
  readonly ends?: Ends | undefined
}

/** What is particular to one grant type; `defineGrant` does the rest. */
export interface GrantDefinition<Content> extends GrantName {
  /** Whether public clients may use it; false by default. */
  readonly publicClients?: boolean
  /** What limits scopes and audiences; by default the client's registration. */
  readonly scopePolicy?: ScopePolicy
  readonly credential: Credential<Content>
  /**
   * Makes the remaining checks, commits under `ctx.attempt`, and issues the tokens. Finds all that the tokens need
   * before it commits (`tokens/addressee.ts`). Throws the error to send to the client.
   */
  run(ctx: RequestContext, request: GrantRequest<Content>): Promise<TokenResponse | Reused>
}

/** A token request: its parameters, and the HTTP request that may prove possession of a key. */
export interface TokenRequest {
  readonly form: Parameters
  readonly request: ProvingRequest
}

/** A grant type as the token endpoint uses it for an authenticated client. */
export interface Grant extends GrantName {
  answer(ctx: RequestContext, client: ClientRecord, asked: TokenRequest): Promise<TokenResponse>
}

/**
 * Defines a grant type with the steps that all share, in the order of contract 1.3.3. Checks that a public client may
 * use it, that the client registered it, that the credential opens and belongs to the client and its key, and that the
 * client may have what it asks for. Each credential has one attempt; a reuse is written to log and grants book.
 */
export const defineGrant = <Content>(definition: GrantDefinition<Content>): Grant => ({
  type: definition.type,
  shortName: definition.shortName,
  answer: (ctx, registered, asked) =>
    answer(definition, ctx, registered, asked).catch((thrown: unknown) => {
      // A public client proved nothing, so codes and tokens do not explain themselves to it.
      throw thrown instanceof OAuthError && !isPublic(registered) ? asToldToClient(thrown) : thrown
    }),
})

async function answer<Content>(
  definition: GrantDefinition<Content>,
  ctx: RequestContext,
  registered: ClientRecord,
  { form, request }: TokenRequest,
): Promise<TokenResponse> {
  const { credential, scopePolicy = 'registered' } = definition
  ctx.told({ grant_type: definition.type })
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
      ? await definition.run(ctx, { ...may, ...by, credential: content })
      : await underAttempt(ctx.attempt, client.id, presented, run)
  if ('reusedGrant' in outcome) throw await refuseReused(ctx, client, credential, outcome)
  return outcome
}

/** Returns the client if it lists the grant type. Throws for a public client, unless the grant type is open to them. */
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

/** Logs the reuse of a code or refresh token, marks in the grants book what ended, and returns the error. */
async function refuseReused(
  ctx: RequestContext,
  client: ClientRecord,
  { reuse }: Pick<Credential<never>, 'reuse'>,
  { reusedGrant: grantId, owner, ends }: Reused,
): Promise<OAuthError> {
  const credential = reuse?.credential ?? 'code'
  const reason = reuse?.reason ?? 'grant_ended'
  ctx.audit('token.reuse_detected', { client_id: client.id, grant: grantId, credential, reason }, owner)
  noteEnds(ctx, owner, ends)
  return refusedReuse(ctx, { owner, grantId, clientId: client.id }, reason)
}
