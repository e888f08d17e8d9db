import type { Context } from 'hono'
import { boundsOf } from '../clients/bounds.ts'
import { changeClient, createClient, deleteClient, requireClient, updateClient } from '../clients/manage.ts'
import { readLifespans } from '../clients/metadata/lifespans.ts'
import { type ClientInput, parseClient } from '../clients/metadata/parse.ts'
import { readLifespanDraft } from '../clients/metadata/shape.ts'
import { changeByAdmin } from '../clients/registration.ts'
import { renderChangedClient, renderNewClient } from '../clients/registration-view.ts'
import { renderClient } from '../clients/render.ts'
import { dropRotatedSecrets, rotateSecret } from '../clients/rotation.ts'
import type { AppEnv } from '../context.ts'
import { firstValues, readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { newRouter } from '../http/router.ts'
import type { ClientRecord } from '../store/types.ts'
import { patchClient } from './client-patch.ts'
import { respondWithPage } from './pagination.ts'

const PATH = '/admin/clients'

/** The client resource of the admin API (contract 1.4.1), to be mounted at `/admin/clients`. */
export const adminClients = newRouter()

adminClients.post('/', async (c) => {
  const { ctx } = c.var
  const input = await readClient(c)
  const written = await createClient(ctx, input, boundsOf(input.metadata))
  const location = `${PATH}/${encodeURIComponent(written.client.id)}`
  return json(await renderNewClient(ctx.rt, written), 201, { location })
})

adminClients.get('/', (c) => {
  const { clients } = c.var.ctx.rt
  const query = firstValues(c.req.url)
  const filter = { name: query['client_name'] || null, owner: query['owner'] || null }
  return respondWithPage(c, {
    path: PATH,
    filters: { client_name: filter.name, owner: filter.owner },
    page: (place) => clients.list({ ...filter, ...place }),
    count: () => clients.count(filter),
    render: renderClient,
  })
})

adminClients.get('/:id', async (c) => {
  return json(renderClient(await requireClient(c.var.ctx, c.req.param('id'))))
})

adminClients.put('/:id', async (c) => {
  const input = await readClient(c)
  return change(c, () => input)
})

adminClients.patch('/:id', async (c) => {
  const { ctx } = c.var
  const patch = await readJson(c.req.raw)
  return change(c, (current) => parseClient(patchClient(current, patch), ctx.rt.config))
})

adminClients.delete('/:id', async (c) => {
  await deleteClient(c.var.ctx, c.req.param('id'))
  return c.body(null, 204)
})

adminClients.put('/:id/lifespans', async (c) => {
  const lifespans = readLifespans(readLifespanDraft(await readJson(c.req.raw)))
  const client = await changeClient(c.var.ctx, c.req.param('id'), 'client.changed', ({ metadata }) => ({
    metadata: { ...metadata, lifespans },
    bounds: boundsOf({ ...metadata, lifespans }),
  }))
  return json(renderClient(client))
})

adminClients.post('/:id/secrets/rotate', async (c) => {
  const { ctx } = c.var
  return json(await renderChangedClient(ctx.rt, await rotateSecret(ctx, c.req.param('id')), true))
})

adminClients.delete('/:id/secrets/rotate', async (c) => {
  return json(renderClient(await dropRotatedSecrets(c.var.ctx, c.req.param('id'))))
})

const readClient = async (c: Context<AppEnv>): Promise<ClientInput> =>
  parseClient(await readJson(c.req.raw), c.var.ctx.rt.config)

/** Changes a client; where that ended its registration access tokens, the answer brings the new one. */
async function change(
  c: Context<AppEnv, '/:id'>,
  make: (current: ClientRecord) => ClientInput,
): Promise<Response> {
  const { ctx } = c.var
  let renewed = false
  const written = await updateClient(ctx, c.req.param('id'), (current) => {
    const changed = changeByAdmin(current, make(current))
    renewed = changed.registrationEpoch !== undefined
    return changed
  })
  return json(await renderChangedClient(ctx.rt, written, renewed))
}
