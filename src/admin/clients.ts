import { parseClient } from '../clients/metadata.ts'
import { readLifespans } from '../clients/metadata-lifespans.ts'
import { readLifespanDraft } from '../clients/metadata-shape.ts'
import { renderNewClient } from '../clients/registration.ts'
import { changeClient, createClient, deleteClient, requireClient, updateClient } from '../clients/registry.ts'
import { renderClient, withSecret } from '../clients/render.ts'
import { dropRotatedSecrets, rotateSecret } from '../clients/rotation.ts'
import { emptyRoutes } from '../http/empty-routes.ts'
import { readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { patchClient } from './client-patch.ts'
import { respondWithPage } from './pagination.ts'

const PATH = '/admin/clients'

/** The client resource of the admin API (contract 1.4.1), to be mounted at `/admin/clients`. */
export const adminClients = emptyRoutes()

adminClients.post('/', async (c) => {
  const { ctx } = c.var
  const input = parseClient(await readJson(c.req.raw), ctx.rt.config)
  const written = await createClient(ctx, input)
  const location = `${PATH}/${encodeURIComponent(written.client.id)}`
  return json(await renderNewClient(ctx.rt, written), 201, { location })
})

adminClients.get('/', async (c) => {
  const { clients, envelopes } = c.var.ctx.rt
  const query = c.req.query()
  const filter = { name: query['client_name'] || null, owner: query['owner'] || null }
  const listing = { path: PATH, filters: { client_name: filter.name, owner: filter.owner } }
  return respondWithPage(envelopes, listing, query, {
    page: (place) => clients.list({ ...filter, ...place }),
    count: () => clients.count(filter),
    render: renderClient,
  })
})

adminClients.get('/:id', async (c) => {
  return json(renderClient(await requireClient(c.var.ctx, c.req.param('id'))))
})

adminClients.put('/:id', async (c) => {
  const { ctx } = c.var
  const input = parseClient(await readJson(c.req.raw), ctx.rt.config)
  const { client, secret } = await updateClient(ctx, c.req.param('id'), () => input)
  return json(withSecret(renderClient(client), secret))
})

adminClients.patch('/:id', async (c) => {
  const { ctx } = c.var
  const patch = await readJson(c.req.raw)
  const { client, secret } = await updateClient(ctx, c.req.param('id'), (current) =>
    parseClient(patchClient(current, patch), ctx.rt.config),
  )
  return json(withSecret(renderClient(client), secret))
})

adminClients.delete('/:id', async (c) => {
  await deleteClient(c.var.ctx, c.req.param('id'))
  return c.body(null, 204)
})

adminClients.put('/:id/lifespans', async (c) => {
  const lifespans = readLifespans(readLifespanDraft(await readJson(c.req.raw)))
  const client = await changeClient(c.var.ctx, c.req.param('id'), 'client.changed', ({ metadata }) => ({
    metadata: { ...metadata, lifespans },
  }))
  return json(renderClient(client))
})

adminClients.post('/:id/secrets/rotate', async (c) => {
  const { client, secret } = await rotateSecret(c.var.ctx, c.req.param('id'))
  return json(withSecret(renderClient(client), secret))
})

adminClients.delete('/:id/secrets/rotate', async (c) => {
  return json(renderClient(await dropRotatedSecrets(c.var.ctx, c.req.param('id'))))
})
