import { secretHashesOf } from '../clients/secret.ts'
import type { RequestContext } from '../context.ts'
import { invalidRequest, OAuthError, toldOf } from '../errors/oauth-error.ts'
import type { Facts, Reason } from '../errors/reasons.ts'
import { invalidClient } from '../errors/refusals.ts'
import { underAttempt } from '../http/idempotency.ts'
import { counting } from '../http/repeats.ts'
import { clientShard } from '../ledger/owner.ts'
import { secretGuess } from '../limits/guesses.ts'
import { MAX_SHARDS } from '../store/client-fields.ts'
import type { ClientRecord } from '../store/types.ts'
import { nowSeconds } from '../util/clock.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { consumeOnce } from './consume-once.ts'
import type { AuthenticatedEndpoint } from './endpoints.ts'
import type { ClientRequest, Replay } from './method.ts'
import { type Presented, present, requireTaken } from './present.ts'

/** Maximum time in seconds until the expiry of a proof that may be used once: bounds how long a spent one is kept. */
const MAX_LIFETIME = 86_400

/**
 * Number of ledgers that share a client's spent proofs: as many as its tokens may have at most. It is the same for every
 * client, whose own number may change: an id must be spent in one place, whichever copy of the client an isolate has.
 */
const PROOF_SHARDS = MAX_SHARDS

/**
 * Authenticates the client of a request (contract 1.3.3), then runs `run`. Asks the source before a refusal. Spends a
 * proof that may be used once before `run`, under an attempt of its own: the same request sent again after a lost
 * answer is not a reuse.
 *
 * @throws `invalid_request` without usable credentials, `too_many_requests` after too many wrong secrets, `invalid_client` if they are refused, `jti_known` for a proof
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
  if (replay === null) return run(ctx, await prove(ctx, presented, request))
  checkReplay(replay)
  const client = await prove(ctx, presented, request)
  return underAttempt(ctx.attempt, client.id, replay.text, async (attempt) => {
    const owner = clientShard(client.id, replay.id, PROOF_SHARDS)
    await consumeOnce(ctx, owner, { attempt, id: replay.id }, replay.expiresAt)
    return run({ ...ctx, attempt }, client)
  })
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
  /** Whether the request proved to come from the client. */
  readonly proven?: true
  /** Whether the request has a wrong secret, and the client has a right one. */
  readonly guessed?: boolean
}

type Verdict = { readonly client: ClientRecord } | Doubt

/** Authenticates a client, and asks its profile about what the request has beside its credentials. */
async function prove(
  ctx: RequestContext,
  presented: Presented,
  { form }: ClientRequest,
): Promise<ClientRecord> {
  const client = await findProven(ctx, presented)
  const { ignored } = presented
  const { basicWins, repeats } = ctx.rt.profiles.of(client)
  if (ignored !== null && !basicWins) throw invalidRequest(ignored)
  counting(form.sent, repeats)
  ctx.proved(client.id)
  return client
}

async function findProven(ctx: RequestContext, presented: Presented): Promise<ClientRecord> {
  const guess = presented.proof?.secret ? secretGuess(ctx, presented.id) : null
  await guess?.begin(ctx)
  const verdict = await verdictOn(ctx, presented)
  if (verdict.client === null && verdict.guessed) await guess?.missed(ctx)
  else guess?.hit()
  if (verdict.client !== null) return verdict.client
  // An unknown client must look like one with wrong credentials. Who proved a secret may know what is wrong.
  const { unproven, tellsUnproven } = presented.method
  const told = tellsUnproven && !verdict.proven ? unproven : verdict.reason
  throw new OAuthError('invalid_client', verdict.reason, verdict.facts, toldOf(told))
}

/** Judges the client by the copy of it, and by the source before a refusal. */
async function verdictOn(ctx: RequestContext, presented: Presented): Promise<Verdict> {
  const { clients } = ctx.rt
  const copy = await clients.find(presented.id)
  const byCopy = await judge(ctx, copy, presented)
  if (byCopy.client !== null) return byCopy
  const current = await clients.fresh(presented.id)
  return current?.version === copy?.version ? byCopy : judge(ctx, current, presented)
}

/** Authenticates a client: it must be registered for the method, and its proof must verify. */
async function judge(
  ctx: RequestContext,
  client: ClientRecord | undefined,
  { method, proof }: Presented,
): Promise<Verdict> {
  if (client === undefined) return { client: null, reason: 'client_unknown' }
  ctx.seen(client.id)
  const guessed = method.provenBy === 'secret' && secretHashesOf(client).length > 0
  const registered = client.metadata.token_endpoint_auth_method
  if (registered !== method.method) {
    const facts = { used: method.method, registered, field: 'token_endpoint_auth_method' }
    // Only a secret can be checked here without a request to the client's own server.
    const knows = method.provenBy === 'secret' && (await proof?.verify(ctx, client)) === true
    return knows
      ? { client: null, reason: 'method_unregistered', facts, proven: true }
      : { client: null, reason: 'method_mismatch', facts, guessed }
  }
  const proven = proof === null || (await proof.verify(ctx, client))
  if (typeof proven === 'object') {
    const facts = { expired: rfc3339(proven.expired) }
    return { client: null, reason: 'secret_expired', facts, proven: true }
  }
  return proven ? { client } : { client: null, reason: method.unproven, guessed }
}
