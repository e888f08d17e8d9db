import type { Context } from 'hono'
import { authenticateClient } from '../clients/authenticate.ts'
import { isPublic } from '../clients/public.ts'
import { keepReserved, parseRegistration } from '../clients/registration.ts'
import { openRegistration, registrationFits, registrationToken } from '../clients/registration-token.ts'
import { renderNewRegistration, renderRegistration } from '../clients/registration-view.ts'
import { createClient, deleteClient, updateClient } from '../clients/registry.ts'
import { withSecret } from '../clients/render.ts'
import { makeSecret } from '../clients/secret.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { bearerToken } from '../http/bearer.ts'
import { Parameters, readJson } from '../http/form.ts'
import { json, NO_STORE } from '../http/json.ts'
import type { ClientRecord } from '../store/types.ts'

/** POST /oauth2/register: a client registers itself (RFC 7591 section 3, contract 1.3.7). */
export async function register(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  requireEnabled(ctx)
  const input = parseRegistration(await readJson(c.req.raw), ctx.rt.config, 'malformed_body')
  const body = await renderNewRegistration(ctx.rt, await createClient(ctx, input))
  return json(body, 201, { ...NO_STORE, location: body.registration_client_uri })
}

/** GET, PUT and DELETE of /oauth2/register/{id}: a client manages its registration (RFC 7592 section 2). */
export async function manageRegistration(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  requireEnabled(ctx)
  const id = c.req.param('id') ?? ''
  const isOwn = await authenticate(c, id)
  const client = await ctx.rt.clients.read(id)
  if (client === undefined || !isOwn(client)) throw unauthorized()
  ctx.seen(id)
  switch (c.req.method) {
    case 'PUT':
      return replace(ctx, client, isOwn, await readJson(c.req.raw))
    case 'DELETE':
      return remove(ctx, client)
    default:
      return json(renderRegistration(client), 200, NO_STORE)
  }
}

function requireEnabled({ rt }: RequestContext): void {
  if (!rt.config.registration.enabled) throw new OAuthError('registration_disabled')
}

const unauthorized = (): OAuthError => new OAuthError('registration_unauthorized')

/** Whether a record, as its source has it, is the client that sent the request. */
type Ownership = (current: ClientRecord) => boolean

/**
 * Who asks: by registration access token, or on the path of v1 documents by the client's own secret, in a Basic header
 * or for `client_secret_post` in the query (contract 8.1). Wrong, missing and foreign credentials look the same.
 */
async function authenticate(c: Context<AppEnv>, id: string): Promise<Ownership> {
  const token = await bearerToken(c.req.raw)
  if (token === undefined && c.req.path.startsWith('/connect/')) return bySecret(c, id)
  const stamp = token === undefined ? undefined : await openRegistration(c.var.ctx.rt, token)
  if (stamp?.id !== id) throw unauthorized()
  return (current) => registrationFits(stamp, current)
}

async function bySecret(c: Context<AppEnv>, id: string): Promise<Ownership> {
  const form = new Parameters([
    ['client_id', id],
    ['client_secret', c.req.query('client_secret') ?? ''],
  ])
  const proven = await authenticateClient(c.var.ctx, c.req.header('authorization'), form).catch((thrown) => {
    const refused = thrown instanceof OAuthError && thrown.status < 500
    throw refused ? unauthorized() : thrown
  })
  // A public client proves nothing by its id.
  if (isPublic(proven)) throw unauthorized()
  return (current) => current.instance === proven.instance && current.secretHash === proven.secretHash
}

/** Replaces the metadata; in the same write the registration access token that asked for it dies. */
async function replace(
  ctx: RequestContext,
  { id }: ClientRecord,
  isOwn: Ownership,
  body: unknown,
): Promise<Response> {
  const input = parseRegistration(body, ctx.rt.config, 'registration_forbidden')
  const { client, secret } = await updateClient(ctx, id, (current) => {
    if (!isOwn(current)) throw unauthorized()
    const needsSecret = input.metadata.token_endpoint_auth_method.startsWith('client_secret_')
    return {
      metadata: keepReserved(input.metadata, current.metadata),
      secret: needsSecret && current.secretHash === null ? makeSecret() : undefined,
      registrationEpoch: current.registrationEpoch + 1,
    }
  })
  const answer = withSecret(renderRegistration(client), secret)
  const token = await registrationToken(ctx.rt, client)
  return json({ ...answer, registration_access_token: token }, 200, NO_STORE)
}

/** Deletes the client as it was found; if it was changed since, its token may be dead, so nothing is done. */
async function remove(ctx: RequestContext, { id, version }: ClientRecord): Promise<Response> {
  await deleteClient(ctx, id, version).catch((thrown) => {
    const changed = thrown instanceof OAuthError && thrown.code === 'resource_not_found'
    throw changed
      ? new OAuthError('temporarily_unavailable', 'The client is being changed by others.')
      : thrown
  })
  return new Response(null, { status: 204, headers: NO_STORE })
}
