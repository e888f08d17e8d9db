import type { RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { ClientRecord } from '../store/types.ts'
import { toBase64url } from '../util/base64url.ts'
import { nowSeconds } from '../util/clock.ts'
import { type ClientInput, checkClientId } from './metadata.ts'
import { hashSecret, makeSecret } from './secret.ts'

/** How often a change is tried anew after somebody else changed the same client in between. */
const TRIES = 5

/** A client as stored, and its secret in clear if this very write set one. */
export interface WrittenClient {
  readonly client: ClientRecord
  readonly secret: string | undefined
}

/** What a change sets; the secret stays where it is undefined, the registration epoch where it is not given. */
export interface ClientChange extends Pick<ClientInput, 'metadata' | 'secret'> {
  readonly registrationEpoch?: number
}

/** Registers a client, with a made secret unless one is given or the client is public. Throws `resource_exists` for a taken id. */
export async function createClient(ctx: RequestContext, input: ClientInput): Promise<WrittenClient> {
  const id = input.id ?? crypto.randomUUID()
  checkClientId(id)
  const isPublic = input.metadata.token_endpoint_auth_method === 'none'
  const secret = input.secret ?? (isPublic ? undefined : makeSecret())
  const now = nowSeconds()
  const client = await ctx.rt.clients.insert({
    id,
    // Short, because every token carries it.
    instance: toBase64url(crypto.getRandomValues(new Uint8Array(8))),
    accessEpoch: 0,
    registrationEpoch: 0,
    secretHash: secret === undefined ? null : await hashSecret(ctx.rt.roots, id, secret),
    metadata: input.metadata,
    createdAt: now,
    updatedAt: now,
  })
  if (client === undefined) throw new OAuthError('resource_exists')
  ctx.audit('client.created', { client_id: id })
  return { client, secret }
}

/** The client from the source. Throws `resource_not_found`. */
export async function requireClient(ctx: RequestContext, id: string): Promise<ClientRecord> {
  const client = await ctx.rt.clients.read(id)
  if (client === undefined) throw new OAuthError('resource_not_found')
  return client
}

/**
 * Changes a client by compare-and-set: `change` gives the new content for the current record and may run again when
 * another change came first. Without a new secret the old one stays; the id always does. Throws `resource_not_found`,
 * and `temporarily_unavailable` when others keep coming first.
 */
export async function updateClient(
  ctx: RequestContext,
  id: string,
  change: (current: ClientRecord) => ClientChange,
): Promise<WrittenClient> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const current = await requireClient(ctx, id)
    const { metadata, secret, registrationEpoch = current.registrationEpoch } = change(current)
    const client: ClientRecord = {
      ...current,
      version: current.version + 1,
      metadata,
      registrationEpoch,
      secretHash: secret === undefined ? current.secretHash : await hashSecret(ctx.rt.roots, id, secret),
      updatedAt: nowSeconds(),
    }
    if (!(await ctx.rt.clients.replace(client))) continue
    ctx.audit('client.changed', { client_id: id })
    return { client, secret }
  }
  throw new OAuthError('temporarily_unavailable', 'The client is being changed by others.')
}

/** Deletes a client, of the given version only unless that is null. Throws `resource_not_found`. */
export async function deleteClient(
  ctx: RequestContext,
  id: string,
  version: number | null = null,
): Promise<void> {
  if (!(await ctx.rt.clients.remove(id, version))) throw new OAuthError('resource_not_found')
  ctx.audit('client.deleted', { client_id: id })
}
