import { parseClient } from '../clients/metadata.ts'
import { readLifespans } from '../clients/metadata-lifespans.ts'
import { readLifespanDraft } from '../clients/metadata-shape.ts'
import { changeClient, createClient, deleteClient, requireClient, updateClient } from '../clients/registry.ts'
import { renderClient, renderCreatedClient } from '../clients/render.ts'
import { dropRotatedSecrets, rotateSecret } from '../clients/rotation.ts'
import type { RequestContext } from '../context.ts'
import { emptyRoutes } from '../http/empty-routes.ts'
import { readJson } from '../http/form.ts'
import { nowSeconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'
import { patchClient } from './client-patch.ts'
import { offsetLinks, readPage, tokenLinks } from './pagination.ts'

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
  const { ctx } = c.var
  const query = c.req.query()
  const filter = { name: query['client_name'] || null, owner: query['owner'] || null }
  return listClients(ctx, query, filter)
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

adminClients.put('/:id/lifespans', async (c) => {
  const lifespans = readLifespans(readLifespanDraft(await readJson(c.req.raw)))
  const client = await changeClient(c.var.ctx, c.req.param('id'), 'client.changed', ({ metadata }) => ({
    metadata: { ...metadata, lifespans },
  }))
  return respond(renderClient(client))
})

adminClients.post('/:id/secrets/rotate', async (c) => {
  const { client, secret } = await rotateSecret(c.var.ctx, c.req.param('id'))
  return respond(withSecret(renderClient(client), secret))
})

adminClients.delete('/:id/secrets/rotate', async (c) => {
  return respond(renderClient(await dropRotatedSecrets(c.var.ctx, c.req.param('id'))))
})

async function listClients(
  ctx: RequestContext,
  query: Readonly<Record<string, string>>,
  filter: { readonly name: string | null; readonly owner: string | null },
): Promise<Response> {
  const { clients, envelopes } = ctx.rt
  const now = nowSeconds()
  const page = await readPage(envelopes, PATH, query, now)
  const listing = { path: PATH, filters: { client_name: filter.name, owner: filter.owner } }
  if (page.style === 'offset') {
    const [records, total] = await Promise.all([
      clients.list({ ...filter, after: null, offset: page.offset, limit: page.size }),
      clients.count(filter),
    ])
    const link = offsetLinks(listing, page.size, page.offset, total)
    return respond(records.map(renderClient), 200, { link, 'x-total-count': String(total) })
  }
  const found = await clients.list({ ...filter, after: page.after, offset: 0, limit: page.size + 1 })
  const records = found.slice(0, page.size)
  const last = found.length > page.size ? (records.at(-1)?.id ?? null) : null
  const link = await tokenLinks(envelopes, listing, page.size, last, now)
  return respond(records.map(renderClient), 200, { link })
}

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
