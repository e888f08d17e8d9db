import type { RequestContext } from '../context.ts'
import { invalidClient } from '../errors/refusals.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { checkClientAssertion, consumeClientAssertion, signedByClient } from './assertion.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import { secretHashesOf, verifySecret } from './secret.ts'

/**
 * Authenticates the client of a token, revocation or device request (contract 1.3.3): Basic, post, a signed assertion, or
 * the mere id of a public client, and only by the method it registered. A refusal is said only after the source was asked.
 *
 * @param authorization - the Authorization header
 * @throws `invalid_request` without usable credentials, `invalid_client` when they are refused, `jti_known` for an assertion
 *   that was used before, `temporarily_unavailable` when the source cannot be asked before a refusal
 */
export async function authenticateClient(
  ctx: RequestContext,
  authorization: string | undefined,
  form: Parameters,
): Promise<ClientRecord> {
  const credentials = readCredentials(authorization, form)
  if (credentials.method !== 'private_key_jwt') return prove(ctx, credentials)
  checkClientAssertion(ctx.rt.config, credentials.assertion)
  const client = await prove(ctx, credentials)
  await consumeClientAssertion(ctx, client, credentials.assertion)
  return client
}

async function prove(ctx: RequestContext, credentials: Credentials): Promise<ClientRecord> {
  const { clients } = ctx.rt
  const copy = await clients.find(credentials.id)
  if (copy !== undefined && (await accepts(ctx, copy, credentials))) return copy
  const current = await clients.fresh(credentials.id)
  const changed = current !== undefined && current.version !== copy?.version
  if (changed && (await accepts(ctx, current, credentials))) return current
  const hint =
    credentials.method === 'private_key_jwt'
      ? "The assertion must be signed with the client's registered algorithm, by a key of use 'sig'."
      : ''
  throw invalidClient(hint)
}

async function accepts(
  ctx: RequestContext,
  client: ClientRecord,
  credentials: Credentials,
): Promise<boolean> {
  ctx.seen(client.id)
  if (client.metadata.token_endpoint_auth_method !== credentials.method) return false
  if (credentials.method === 'none') return true
  if (credentials.method === 'private_key_jwt') return signedByClient(ctx.rt, client, credentials.assertion)
  for (const hash of secretHashesOf(client))
    if (await verifySecret(ctx.rt.roots, client.id, credentials.secret, hash)) return true
  return false
}
