import { parseClient } from '../clients/metadata.ts'
import { createClient, deleteClient, requireClient, updateClient } from '../clients/registry.ts'
import { renderClient, renderCreatedClient } from '../clients/render.ts'
import { emptyRoutes } from '../http/empty-routes.ts'
import { readJson } from '../http/form.ts'
import type { JsonObject } from '../util/json.ts'
import { patchClient } from './client-patch.ts'
import { respondWithPage } from './pagination.ts'

const PATH = '/admin/clients'

/** The client resource of the admin API (contract 1.4.1), to be mounted at `/admin/clients`. */
export const adminClients = emptyRoutes()

adminClients.post('/', async (c) => {
  const { ctx } = c.var
  const input = parseClient(await readJson(c.req.raw), ctx.rt.config)
  const { client, secret } = await createClient(ctx, input)
  const location = `${PATH}/${encodeURIComponent(client.id)}`
  return respond(withSecret(renderCreatedClient(client), secret), 201, { location })
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
  return respond(renderClient(await requireClient(c.var.ctx, c.req.param('id'))))
})

adminClients.put('/:id', async (c) => {
  const { ctx } = c.var
  const input = parseClient(await readJson(c.req.raw), ctx.rt.config)
  const { client, secret } = await updateClient(ctx, c.req.param('id'), () => input)
  return respond(withSecret(renderClient(client), secret))
})

adminClients.patch('/:id', async (c) => {
  const { ctx } = c.var
  const patch = await readJson(c.req.raw)
  const { client, secret } = await updateClient(ctx, c.req.param('id'), (current) =>
    parseClient(patchClient(current, patch), ctx.rt.config),
  )
  return respond(withSecret(renderClient(client), secret))
})

adminClients.delete('/:id', async (c) => {
  await deleteClient(c.var.ctx, c.req.param('id'))
  return c.body(null, 204)
})

/** The secret in clear, for those who just set it; a public client has no use for one. */
function withSecret(client: JsonObject, secret: string | undefined): JsonObject {
  if (secret === undefined || client['token_endpoint_auth_method'] === 'none') return client
  return { ...client, client_secret: secret }
}

function respond(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
}
