import type { Config } from '../config/types.ts'
import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { invalidClient } from '../errors/refusals.ts'
import {
  type Assertion,
  CLIENT_ASSERTION_ALGORITHMS,
  claimProblem,
  signedByOne,
} from '../keys/foreign-jwt.ts'
import { mayVerify } from '../keys/foreign-keys.ts'
import { clientShard, type Owner } from '../ledger/owner.ts'
import type { Runtime } from '../runtime.ts'
import type { ClientRecord } from '../store/types.ts'
import { toBase64url } from '../util/base64url.ts'
import { nowSeconds, seconds } from '../util/clock.ts'
import { sha256 } from '../util/digest.ts'
import type { JsonObject } from '../util/json.ts'
import { clientKeys } from './jwks.ts'

/** Longest time to `exp`, seconds: so long at most is a spent `jti` kept. */
const MAX_LIFETIME = 86_400

/** Ledgers that share a client's spent assertions. An assertion finds its own only while this stays the same. */
const SHARDS = 8

/**
 * Checks what needs no key and no storage of a client's assertion (RFC 7523 section 3): audience, times, and that its
 * `jti` lets it be used once. Throws `invalid_client`.
 */
export function checkClientAssertion(config: Config, assertion: Assertion): void {
  const now = nowSeconds()
  const problem = claimProblem(config, assertion, now)
  if (problem !== undefined) throw invalidClient(problem)
  if (assertion.jti === '') throw invalidClient("The assertion has no 'jti'.")
  if ((assertion.exp ?? 0) > now + MAX_LIFETIME)
    throw invalidClient("The assertion's 'exp' lies more than 24 hours ahead.")
}

/**
 * Whether a client's own key signed the assertion with the algorithm it registered. Its `jwks_uri` is asked again
 * before the answer is no. Throws what `clientKeys` throws.
 */
export async function signedByClient(
  rt: Runtime,
  client: ClientRecord,
  assertion: Assertion,
): Promise<boolean> {
  const algorithm = client.metadata.token_endpoint_auth_signing_alg || 'RS256'
  if (assertion.alg !== algorithm || !CLIENT_ASSERTION_ALGORITHMS.includes(algorithm)) return false
  return signedByKeys(rt, client, assertion)
}

/** Whether one of the client's keys for signatures made the JWT's; its `jwks_uri` is asked again before a no. */
export async function signedByKeys(
  rt: Runtime,
  client: ClientRecord,
  assertion: Assertion,
): Promise<boolean> {
  const known = await clientKeys(rt, client, false)
  if (await signedByOne(assertion, known.filter(signs))) return true
  const current = await clientKeys(rt, client, true)
  return current !== known && signedByOne(assertion, current.filter(signs))
}

const signs = (key: JsonObject): boolean => mayVerify(key, 'client')

/** Spends a proven assertion in a shard of its client, for as long as it could be used. Throws `jti_known`. */
export async function consumeClientAssertion(
  ctx: RequestContext,
  client: ClientRecord,
  assertion: Assertion,
): Promise<void> {
  const id = toBase64url(sha256(assertion.jti))
  await consumeOnce(ctx, clientShard(client.id, id, SHARDS), { attempt: ctx.attempt, id }, assertion)
}

/** Spends an assertion in an owner's ledger, under an id of its own, for as long as it could be used. Throws `jti_known`. */
export async function consumeOnce(
  { rt }: RequestContext,
  owner: Owner,
  use: { readonly attempt: string; readonly id: string },
  { exp = 0 }: Assertion,
): Promise<void> {
  // A fraction of a second counts whole: the row must not go before the assertion does.
  const { first } = await rt.ledgers.call(owner, 'consumeId', { ...use, expiresAt: seconds(Math.ceil(exp)) })
  if (!first) throw new OAuthError('jti_known')
}
