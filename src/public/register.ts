import type { Context } from 'hono'
import { readInitialAccess, takeInitialAccess } from '../clients/initial-access.ts'
import { changeClient, createClient, deleteClient, updateClient } from '../clients/manage.ts'
import { workingPart } from '../clients/metadata/working.ts'
import { changeByClient, chosenByClient, readRegistration } from '../clients/registration.ts'
import {
  openRegistration,
  type RegistrationStamp,
  registrationFits,
  registrationToken,
} from '../clients/registration-token.ts'
import { renderNewRegistration } from '../clients/registration-view.ts'
import { renderRegistration, withSecret } from '../clients/render.ts'
import { noteUse, usedNow } from '../clients/use.ts'
import type { AppEnv, RequestContext } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import type { Reason } from '../errors/reasons.ts'
import { as } from '../errors/translate.ts'
import { supported } from '../grants/supported.ts'
import { bearerToken } from '../http/bearer.ts'
import { readJson } from '../http/form.ts'
import { json, NO_STORE } from '../http/json.ts'
import { type Members, withUnseen } from '../http/members.ts'
import { countRegistration, requireRegistrationsLeft } from '../limits/registrations.ts'
import type { ClientRecord } from '../store/types.ts'
import { nowSeconds } from '../util/clock.ts'

/** POST /oauth2/register: a client registers itself (RFC 7591 section 3, contract 1.3.7). */
export async function register(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  requireEnabled(ctx)
  const initialAccess = await readInitialAccess(ctx, c.req.header('authorization'))
  if (initialAccess === null) await requireRegistrationsLeft(ctx)
  const given = readRegistration(await readJson(c.var.body), ctx.rt.config, initialAccess)
  const input = await workingPart(ctx.rt, given, supported())
  const admit = (): Promise<void> =>
    initialAccess === null ? countRegistration(ctx) : takeInitialAccess(ctx, initialAccess)
  const client = await createClient(ctx, input, { bounds: null, initialAccess, ...mayEnd(ctx) }, admit)
  const body = await renderNewRegistration(ctx.rt, client)
  return json(body, 201, { ...headersOf(client.client), location: body.registration_client_uri })
}

/**
 * GET, PUT and DELETE of /oauth2/register/{id}: a client manages its registration by its registration access token
 * alone (RFC 7592 section 2). Wrong, missing and foreign tokens get the same answer.
 *
 * @param shown - the members that this path shows, if not all; a PUT leaves the others as they are unless it has them
 */
export const manageRegistration =
  (shown?: Members) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const { ctx } = c.var
    requireEnabled(ctx)
    const id = c.req.param('id') ?? ''
    const token = await bearerToken(c.req.raw)
    if (token === undefined) throw unauthorized('registration_token_missing')
    const stamp = await openRegistration(ctx.rt, token)
    const client = stamp?.id === id ? await ctx.rt.clients.read(id) : undefined
    if (stamp === undefined || client === undefined) throw unauthorized()
    requireFit(stamp, client)
    ctx.seen(id)
    ctx.proved(id)
    switch (c.req.method) {
      case 'PUT':
        return replace(ctx, stamp, await readJson(c.var.body), shown)
      case 'DELETE':
        return remove(ctx, client)
      default:
        return show(ctx, await used(ctx, stamp, client))
    }
  }

function requireEnabled({ rt }: RequestContext): void {
  if (!rt.config.registration.enabled) throw new OAuthError('registration_disabled', 'registration_off')
}

const unauthorized = (reason: Reason = 'registration_token_unfit'): OAuthError =>
  new OAuthError('registration_unauthorized', reason)

function requireFit(stamp: RegistrationStamp, current: ClientRecord): void {
  if (!registrationFits(stamp, current)) throw unauthorized()
}

/** When the use of a client that registers itself begins to count, and how long it may be unused. */
function mayEnd({ rt }: RequestContext): Pick<ClientRecord, 'usedAt' | 'unusedTtl'> {
  const { unusedTtl } = rt.config.registration
  return { usedAt: unusedTtl === null ? null : nowSeconds(), unusedTtl }
}

/** Tells a client how long it may be unused, seconds. A header, since strict clients refuse unknown members. */
const headersOf = ({ usedAt, unusedTtl }: ClientRecord): Readonly<Record<string, string>> => ({
  ...NO_STORE,
  ...(usedAt !== null && unusedTtl !== null && { 'ladon-unused-client-expires-in': String(unusedTtl) }),
})

function show(ctx: RequestContext, client: ClientRecord): Response {
  noteUse(ctx, client)
  return json(renderRegistration(client), 200, headersOf(client))
}

/** Records the first use of the newest token, which ends the one before it. */
async function used(
  ctx: RequestContext,
  stamp: RegistrationStamp,
  client: ClientRecord,
): Promise<ClientRecord> {
  const { registrationEpoch } = stamp
  if (registrationEpoch === client.registrationUsed) return client
  return changeClient(ctx, client.id, 'client.registration_token_replaced', (current) => {
    requireFit(stamp, current)
    return {
      registrationUsed: registrationEpoch,
      updatedAt: current.updatedAt,
      usedAt: usedNow(current),
    }
  })
}

/** Replaces the metadata. The answer has a new token, whose first use ends the one of this request. */
async function replace(
  ctx: RequestContext,
  stamp: RegistrationStamp,
  body: unknown,
  shown: Members | undefined,
): Promise<Response> {
  const { client, secret } = await updateClient(ctx, stamp.id, (current) => {
    requireFit(stamp, current)
    const whole = shown === undefined ? body : withUnseen(body, chosenByClient(current), shown)
    return changeByClient(ctx.rt, stamp, current, whole, supported())
  })
  const answer = withSecret(renderRegistration(client), secret)
  const token = await registrationToken(ctx.rt, client)
  return json({ ...answer, registration_access_token: token }, 200, headersOf(client))
}

/**
 * Deletes the client in the version that was read. If it was changed since, its token may be invalid by now, so nothing
 * is deleted.
 */
async function remove(ctx: RequestContext, { id, version }: ClientRecord): Promise<Response> {
  await deleteClient(ctx, id, version).catch(
    as({ resource_not_found: () => new OAuthError('temporarily_unavailable', 'client_contended') }),
  )
  return new Response(null, { status: 204, headers: NO_STORE })
}
