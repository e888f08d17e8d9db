import { parseClient } from '../clients/metadata.ts'
import { renderNewClient } from '../clients/registration.ts'
import { createClient, deleteClient, requireClient, updateClient } from '../clients/registry.ts'
import { renderClient, withSecret } from '../clients/render.ts'
import type { RequestContext } from '../context.ts'
import { emptyRoutes } from '../http/empty-routes.ts'
import { readJson } from '../http/form.ts'
import { nowSeconds } from '../util/clock.ts'
import { patchClient } from './client-patch.ts'
import { offsetLinks, readPage, tokenLinks } from './pagination.ts'

const PATH = '/admin/clients'

/** The client resource of the admin API (contract 1.4.1), to be mounted at `/admin/clients`. */
export const adminClients = emptyRoutes()

adminClients.post('/', async (c) => {
  const { ctx } = c.var
  const input = parseClient(await readJson(c.req.raw), ctx.rt.config)
  const written = await createClient(ctx, input)
  const location = `${PATH}/${encodeURIComponent(written.client.id)}`
  return respond(await renderNewClient(ctx.rt, written), 201, { location })
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

function respond(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  })
}
