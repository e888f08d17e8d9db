import type { Context } from 'hono'
import { boundsOf } from '../clients/bounds.ts'
import { changeClient, createClient, deleteClient, requireClient, updateClient } from '../clients/manage.ts'
import type { Doubt } from '../clients/metadata/doubt.ts'
import { readLifespanDraft } from '../clients/metadata/draft.ts'
import { readLifespans, withLifespans } from '../clients/metadata/fields.ts'
import { type ClientInput, parseClient } from '../clients/metadata/parse.ts'
import { changeByAdmin } from '../clients/registration.ts'
import { renderChangedClient, renderNewClient } from '../clients/registration-view.ts'
import { renderClient } from '../clients/render.ts'
import { dropRotatedSecrets, rotateSecret } from '../clients/rotation.ts'
import { isUnreviewed } from '../clients/stranger.ts'
import type { AppEnv } from '../context.ts'
import { malformedBody } from '../errors/refusals.ts'
import { readAdminQuery, readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { type Members, withUnseen } from '../http/members.ts'
import { isV1Path } from '../http/paths.ts'
import type { ClientRecord } from '../store/types.ts'
import { patchClient } from './client-patch.ts'
import { importedTimes } from './client-times.ts'
import { judgeClient, warningHeader } from './client-warnings.ts'
import { type AdminGuard, hasScope } from './guard.ts'
import { respondWithPage } from './pagination.ts'

const PATH = '/admin/clients'

/** POST /admin/clients (contract 1.4.1). A caller of scope `all` may import a client with the times that it has. */
export const postClient =
  (guard: AdminGuard) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const { ctx } = c.var
    const body = await readJson(c.var.body)
    const { input, doubts } = await judged(c, body)
    const times = hasScope(guard, c, 'all') ? importedTimes(body) : {}
    const written = await createClient(ctx, input, { bounds: boundsOf(input.metadata), ...times })
    const location = `${ctx.rt.config.urls.path}${PATH}/${encodeURIComponent(written.client.id)}`
    return json(await renderNewClient(ctx.rt, written), 201, { location, ...warningHeader(c, doubts) })
  }

/** GET /admin/clients: a page of the list, filtered by name or owner. */
export function getClients(c: Context<AppEnv>): Promise<Response> {
  const { clients } = c.var.ctx.rt
  const query = readAdminQuery(c.req.url)
  const filter = { name: query.get('client_name') ?? null, owner: query.get('owner') ?? null }
  return respondWithPage(c, {
    path: PATH,
    filters: { client_name: filter.name, owner: filter.owner },
    page: (place) => clients.list({ ...filter, ...place }),
    count: () => clients.count(filter),
    render: renderClient,
  })
}

/** GET /admin/clients/{id}. */
export async function getClient(c: Context<AppEnv>): Promise<Response> {
  return json(renderClient(await requireClient(c.var.ctx, idOf(c))))
}

/**
 * PUT /admin/clients/{id}: replaces the client's content.
 *
 * @param v1 - what paths of v1 show of a client; there the rest stays unless it is sent
 */
export const putClient =
  (v1: Members) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const body = await readJson(c.var.body)
    if (isV1Path(c.req.url))
      return change(c, false, (current) => judged(c, withUnseen(body, renderClient(current), v1)))
    const sent = await judged(c, body)
    return change(c, true, () => sent)
  }

/** PATCH /admin/clients/{id}: applies a JSON Patch. */
export async function patchClientById(c: Context<AppEnv>): Promise<Response> {
  const patch = await readJson(c.var.body)
  return change(c, false, (current) => judged(c, patchClient(current, patch)))
}

/** DELETE /admin/clients/{id}. */
export async function removeClient(c: Context<AppEnv>): Promise<Response> {
  await deleteClient(c.var.ctx, idOf(c))
  return c.body(null, 204)
}

/** PUT /admin/clients/{id}/lifespans: replaces all lifespans. */
export async function putLifespans(c: Context<AppEnv>): Promise<Response> {
  const body = await readJson(c.var.body)
  const lifespans = readLifespans(readLifespanDraft(body))
  const doubts = await judgeClient(c, body)
  const client = await changeClient(c.var.ctx, idOf(c), 'client.changed', (current) => {
    const metadata = withLifespans(current.metadata, lifespans)
    // An admin's lifespans must not give bounds to a client that registered itself.
    return { metadata, bounds: current.bounds && boundsOf(metadata, isUnreviewed(current)) }
  })
  return json(renderClient(client), 200, warningHeader(c, doubts))
}

/**
 * POST /admin/clients/{id}/secrets/rotate: adds a new secret, which ends when the query says; the older ones remain valid
 * until their own ends.
 */
export async function postRotation(c: Context<AppEnv>): Promise<Response> {
  const { ctx } = c.var
  return json(await renderChangedClient(ctx.rt, await rotateSecret(ctx, idOf(c), secretEndIn(c)), true))
}

function secretEndIn(c: Context<AppEnv>): number {
  const parameter = 'client_secret_expires_at'
  const text = readAdminQuery(c.req.url).get(parameter) ?? '0'
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw malformedBody('parameter_malformed', { parameter, expected: 'a time in whole seconds, or 0' })
}

/** DELETE /admin/clients/{id}/secrets/rotate: ends the older secrets. */
export async function removeRotated(c: Context<AppEnv>): Promise<Response> {
  return json(renderClient(await dropRotatedSecrets(c.var.ctx, idOf(c))))
}

const idOf = (c: Context<AppEnv>): string => c.req.param('id') ?? ''

/** A client's JSON as it was read, and what an admin is warned of. */
interface Judged {
  readonly input: ClientInput
  readonly doubts: readonly Doubt[]
}

async function judged(c: Context<AppEnv>, body: unknown): Promise<Judged> {
  const input = parseClient(body, c.var.ctx.rt.config)
  return { input, doubts: await judgeClient(c, body, input) }
}

/**
 * Changes a client; the answer has a new registration access token if the change ended the older ones.
 *
 * @param isWhole - whether the admin sent the whole client
 */
async function change(
  c: Context<AppEnv>,
  isWhole: boolean,
  make: (current: ClientRecord) => Judged | Promise<Judged>,
): Promise<Response> {
  const { ctx } = c.var
  let renewed = false
  let doubts: readonly Doubt[] = []
  const written = await updateClient(ctx, idOf(c), async (current) => {
    const made = await make(current)
    doubts = made.doubts
    const changed = changeByAdmin(current, made.input, isWhole)
    renewed = changed.registrationEpoch !== undefined
    return changed
  })
  return json(await renderChangedClient(ctx.rt, written, renewed), 200, warningHeader(c, doubts))
}
