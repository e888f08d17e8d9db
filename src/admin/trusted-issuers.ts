import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { malformedBody, resourceNotFound } from '../errors/refusals.ts'
import { readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { newRouter } from '../http/router.ts'
import type { TrustedIssuer } from '../store/trusted-issuers.ts'
import { nowSeconds } from '../util/clock.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { respondWithPage } from './pagination.ts'
import { readTrust } from './trust-body.ts'

const PATH = '/admin/trust/grants/jwt-bearer/issuers'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Trusted issuers of JWT bearer assertions, mounted at `/trust/grants/jwt-bearer/issuers` (contract 1.4.7). */
export const trustedIssuerRoutes = newRouter()

trustedIssuerRoutes.post('/', async (c) => {
  const { rt, audit } = c.var.ctx
  const body = await readJson(c.req.raw).catch((thrown: unknown) => {
    const malformed = thrown instanceof OAuthError && thrown.code === 'malformed_body'
    throw malformed ? new OAuthError('undecodable_body') : thrown
  })
  const entry = { id: crypto.randomUUID(), ...(await readTrust(body, nowSeconds())) }
  if (!(await rt.issuers.insert(entry))) throw new OAuthError('resource_exists')
  audit('issuer.trusted', { id: entry.id })
  return json(render(entry), 201, { location: `${PATH}/${entry.id}` })
})

trustedIssuerRoutes.get('/', (c) => {
  const { issuers } = c.var.ctx.rt
  const issuer = c.req.query('issuer') || null
  return respondWithPage(c, {
    path: PATH,
    filters: { issuer },
    page: (place) => issuers.list({ issuer, ...place }),
    count: () => issuers.count(issuer),
    render,
  })
})

trustedIssuerRoutes.get('/:id', async (c) => {
  const entry = await c.var.ctx.rt.issuers.read(idOf(c))
  if (entry === undefined) throw resourceNotFound()
  return json(render(entry))
})

trustedIssuerRoutes.delete('/:id', async (c) => {
  const id = idOf(c)
  if (!(await c.var.ctx.rt.issuers.remove(id))) throw resourceNotFound()
  c.var.ctx.audit('issuer.removed', { id })
  return c.body(null, 204)
})

function idOf(c: Context<AppEnv>): string {
  const id = c.req.param('id') ?? ''
  if (UUID.test(id)) return id.toLowerCase()
  throw malformedBody('The id of a trusted issuer is a UUID.')
}

const render = (entry: TrustedIssuer): object => ({
  id: entry.id,
  issuer: entry.issuer,
  subject: entry.subject,
  allow_any_subject: entry.subject === '',
  scope: entry.scope,
  public_key: { set: entry.issuer, kid: entry.kid },
  created_at: rfc3339(entry.createdAt),
  expires_at: rfc3339(entry.expiresAt),
})
