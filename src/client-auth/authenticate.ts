import type { RequestContext } from '../context.ts'
import { invalidRequest, OAuthError } from '../errors/oauth-error.ts'
import type { Facts, Reason } from '../errors/reasons.ts'
import { invalidClient } from '../errors/refusals.ts'
import { underAttempt } from '../http/idempotency.ts'
import { clientShard } from '../ledger/owner.ts'
import type { ClientRecord } from '../store/types.ts'
import { nowSeconds } from '../util/clock.ts'
import { consumeOnce } from './consume-once.ts'
import { type AuthenticatedEndpoint, methodsAt } from './endpoints.ts'
import type { ClientAuthMethod, ClientRequest, Credentials, Replay } from './method.ts'
import { none } from './none.ts'
import { METHODS } from './registry.ts'

/** Maximum time in seconds until the expiry of a proof that may be used once: bounds how long a spent one is kept. */
const MAX_LIFETIME = 86_400

/** Number of ledgers that share a client's spent proofs. Must not change while spent proofs have not expired. */
const SHARDS = 8

/** The credentials of a request, and their method. */
interface Presented extends Credentials {
  readonly method: ClientAuthMethod
}

/**
 * Authenticates the client of a request (contract 1.3.3), then runs `run`. Asks the source before a refusal. Spends a
 * proof that may be used once before `run`, under an attempt of its own: the same request sent again after a lost
 * answer is not a reuse.
 *
 * @throws `invalid_request` without usable credentials, `invalid_client` if they are refused, `jti_known` for a proof
 *   that was used before, `temporarily_unavailable` if the source cannot be asked before a refusal
 */
export async function withClient<Result>(
  ctx: RequestContext,
  endpoint: AuthenticatedEndpoint,
  request: ClientRequest,
  run: (ctx: RequestContext, client: ClientRecord) => Promise<Result>,
): Promise<Result> {
  const presented = present(ctx, request)
  requireTaken(endpoint, presented.method)
  const replay = presented.proof?.replay ?? null
  if (replay === null) return run(ctx, await prove(ctx, presented))
  checkReplay(replay)
  const client = await prove(ctx, presented)
  return underAttempt(ctx.attempt, client.id, replay.text, async (attempt) => {
    const owner = clientShard(client.id, replay.id, SHARDS)
    await consumeOnce(ctx, owner, { attempt, id: replay.id }, replay.expiresAt)
    return run({ ...ctx, attempt }, client)
  })
}

/** Reads the credentials of a request; throws if there are those of more than one method. */
function present(ctx: RequestContext, request: ClientRequest): Presented {
  const [method = none, ...others] = METHODS.filter((known) => known.isPresent(request))
  if (others.length > 0) throw invalidRequest('credentials_ambiguous')
  const { id, proof } = method.read(ctx, request)
  const named = request.form.get('client_id') ?? id
  if (named !== id) throw new OAuthError(method.otherClient, 'client_id_differs')
  return { id, proof, method: proof === null ? none : method }
}

function requireTaken(endpoint: AuthenticatedEndpoint, { method }: ClientAuthMethod): void {
  if (methodsAt(endpoint).includes(method)) return
  if (method === none.method) throw invalidClient('client_public')
  throw invalidClient('method_not_taken', { used: method })
}

/** Checks that a proof that may be used once has an id, and an expiry within `MAX_LIFETIME`. */
function checkReplay({ id, expiresAt }: Replay): void {
  const now = nowSeconds()
  if (id === '') throw invalidClient('assertion_malformed', { problem: "has no 'jti'" })
  if (expiresAt > now + MAX_LIFETIME)
    throw invalidClient('assertion_malformed', { problem: "has an 'exp' more than 24 hours ahead" })
  if (!(expiresAt > now)) throw invalidClient('assertion_malformed', { problem: 'has expired' })
}

/** Why a client is not authenticated, for the log. */
interface Doubt {
  readonly client: null
  readonly reason: Reason
  readonly facts?: Facts
}

type Verdict = { readonly client: ClientRecord } | Doubt

async function prove(ctx: RequestContext, presented: Presented): Promise<ClientRecord> {
  const { clients } = ctx.rt
  const copy = await clients.find(presented.id)
  const byCopy = await judge(ctx, copy, presented)
  if (byCopy.client !== null) return byCopy.client
  const current = await clients.fresh(presented.id)
  const verdict = current?.version === copy?.version ? byCopy : await judge(ctx, current, presented)
  if (verdict.client !== null) return verdict.client
  // The client always gets the same answer: an unknown client must look like one with wrong credentials.
  const { unproven, tellsUnproven } = presented.method
  throw new OAuthError(
    'invalid_client',
    verdict.reason,
    verdict.facts,
    tellsUnproven ? unproven : verdict.reason,
  )
}

/** Authenticates a client: it must be registered for the method, and its proof must verify. */
async function judge(
  ctx: RequestContext,
  client: ClientRecord | undefined,
  { method, proof }: Presented,
): Promise<Verdict> {
  if (client === undefined) return { client: null, reason: 'client_unknown' }
  ctx.seen(client.id)
  const registered = client.metadata.token_endpoint_auth_method
  if (registered !== method.method)
    return { client: null, reason: 'method_mismatch', facts: { used: method.method, registered } }
  const proven = proof === null || (await proof.verify(ctx, client))
  return proven ? { client } : { client: null, reason: method.unproven }
}
