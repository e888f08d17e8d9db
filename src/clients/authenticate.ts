import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import type { ClientRecord } from '../store/types.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import { verifySecret } from './secret.ts'

/**
 * Authenticates the client of a token, revocation or device request (contract 1.3.3): Basic, post, or the mere id of
 * a public client, and only by the method it registered. A refusal is said only after the source was asked.
 *
 * @param authorization - the Authorization header
 * @throws `invalid_request` without usable credentials, `invalid_client` when they are refused,
 *   `temporarily_unavailable` when the source cannot be asked before a refusal
 */
export async function authenticateClient(
  ctx: RequestContext,
  authorization: string | undefined,
  form: Parameters,
): Promise<ClientRecord> {
  const credentials = readCredentials(authorization, form)
  const copy = await ctx.rt.clients.find(credentials.id)
  if (copy !== undefined) {
    ctx.seen(copy.id)
    if (await accepts(ctx, copy, credentials)) return copy
  }
  const current = await ctx.rt.clients.fresh(credentials.id)
  if (current !== undefined && current.version !== copy?.version) {
    ctx.seen(current.id)
    if (await accepts(ctx, current, credentials)) return current
  }
  throw new OAuthError('invalid_client')
}

async function accepts(
  ctx: RequestContext,
  client: ClientRecord,
  credentials: Credentials,
): Promise<boolean> {
  if (client.metadata.token_endpoint_auth_method !== credentials.method) return false
  if (credentials.method === 'none') return true
  if (client.secretHash === null) return false
  for (const hash of [client.secretHash, ...client.rotatedSecretHashes]) {
    if (await verifySecret(ctx.rt.roots, client.id, credentials.secret, hash)) return true
  }
  return false
}
