import type { Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { malformedBody, resourceExists, resourceNotFound } from '../errors/refusals.ts'
import { as } from '../errors/translate.ts'
import { readAdminQuery, readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import type { TrustedIssuer } from '../store/trusted-issuers.ts'
import { nowSeconds } from '../util/clock.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { respondWithPage } from './pagination.ts'
import { readTrust } from './trust-body.ts'

const PATH = '/admin/trust/grants/jwt-bearer/issuers'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** POST /admin/trust/grants/jwt-bearer/issuers: adds a trusted issuer of JWT bearer assertions (contract 1.4.7). */
export async function postTrustedIssuer(c: Context<AppEnv>): Promise<Response> {
  const { rt, audit } = c.var.ctx
  const body = await readJson(c.var.body).catch(
    as({ malformed_body: ({ reason, facts }) => new OAuthError('undecodable_body', reason, facts) }),
  )
  const entry = { id: crypto.randomUUID(), ...(await readTrust(body, nowSeconds())) }
  if (!(await rt.issuers.insert(entry))) throw resourceExists('trusted issuer', entry.issuer)
  audit('issuer.trusted', { issuer_id: entry.id })
  return json(render(entry), 201, { location: `${rt.config.urls.path}${PATH}/${entry.id}` })
}

/** GET /admin/trust/grants/jwt-bearer/issuers: a page of the list. */
export function getTrustedIssuers(c: Context<AppEnv>): Promise<Response> {
  const { issuers } = c.var.ctx.rt
  const issuer = readAdminQuery(c.req.url).get('issuer') ?? null
  return respondWithPage(c, {
    path: PATH,
    filters: { issuer },
    page: (place) => issuers.list({ issuer, ...place }),
    count: () => issuers.count(issuer),
    render,
  })
}

/** GET /admin/trust/grants/jwt-bearer/issuers/{id}. */
export async function getTrustedIssuer(c: Context<AppEnv>): Promise<Response> {
  const id = idOf(c)
  const entry = await c.var.ctx.rt.issuers.read(id)
  if (entry === undefined) throw resourceNotFound('trusted issuer', id)
  return json(render(entry))
}

/** DELETE /admin/trust/grants/jwt-bearer/issuers/{id}: its assertions are refused from now on. */
export async function removeTrustedIssuer(c: Context<AppEnv>): Promise<Response> {
  const id = idOf(c)
  if (!(await c.var.ctx.rt.issuers.remove(id))) throw resourceNotFound('trusted issuer', id)
  c.var.ctx.audit('issuer.removed', { issuer_id: id })
  return c.body(null, 204)
}

function idOf(c: Context<AppEnv>): string {
  const id = c.req.param('id') ?? ''
  if (UUID.test(id)) return id.toLowerCase()
  throw malformedBody('parameter_malformed', { parameter: 'id', expected: 'a UUID' })
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
