import type { Context, Hono } from 'hono'
import type { JWK } from 'jose'
import * as v from 'valibot'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { malformedBody, resourceNotFound } from '../errors/refusals.ts'
import { readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { newRouter } from '../http/router.ts'
import { generateKey, KEY_ALGORITHMS, readKey } from '../keys/material.ts'
import type { OpenedKey } from '../keys/signing-key.ts'
import { isJsonObject } from '../util/json.ts'
import { name } from '../util/schema.ts'
import { type AdminGuard, hasScope } from './guard.ts'

/** Modulus length in bits of RSA keys made by request, as Hydra's (contract 1.4.6). */
const RSA_BITS = 4096

// As in Hydra, what is null or empty counts as absent.
const creation = v.object({
  alg: v.nullish(v.string(), ''),
  kid: v.nullish(v.union([name, v.picklist([''])]), ''),
  use: v.nullish(v.picklist(['sig', 'enc', '']), ''),
})

/** The JSON Web Key sets (contract 1.4.6, 2.10), to be mounted at `/keys`. Private members only for keys of scope `all`. */
export function keyRoutes(guard: AdminGuard): Hono<AppEnv> {
  const show = (c: Context<AppEnv>, keys: readonly OpenedKey[]): readonly JWK[] => {
    const whole = hasScope(guard, c, 'all')
    return keys.map((key) => (whole ? key.key : key.publicJwk))
  }
  return newRouter()
    .get('/:set/:kid?', async (c) => {
      const { set, kid } = c.req.param()
      const keys = (await c.var.ctx.rt.storedKeys.read(set)).filter((key) => key.kid === (kid ?? key.kid))
      if (keys.length === 0) throw resourceNotFound()
      return json({ keys: show(c, keys) })
    })
    .post('/:set', async (c) => {
      const { rt, audit } = c.var.ctx
      const set = c.req.param('set')
      const { alg, options } = readCreation(await readJson(c.req.raw))
      const key = await rt.storedKeys.add(set, await generateKey(alg, RSA_BITS, options))
      audit('key.created', { set, kid: key.kid, alg })
      const issuer = rt.config.urls.issuer.replace(/\/+$/, '')
      return json({ keys: show(c, [key]) }, 201, { location: `${issuer}/keys/${encodeURIComponent(set)}` })
    })
    .put('/:set', async (c) => {
      const set = c.req.param('set')
      const given = await Promise.all(readKeys(await readJson(c.req.raw)).map(readKey))
      const keys = await c.var.ctx.rt.storedKeys.replaceSet(set, given)
      c.var.ctx.audit('key.replaced', { set, kids: keys.map(({ kid }) => kid) })
      return json({ keys: show(c, keys) })
    })
    .put('/:set/:kid', async (c) => {
      const { set, kid } = c.req.param()
      const given = await readNamed(kid, await readJson(c.req.raw))
      const keys = await c.var.ctx.rt.storedKeys.replaceKey(set, given)
      c.var.ctx.audit('key.replaced', { set, kids: [kid] })
      return json(show(c, keys)[0])
    })
    .delete('/:set/:kid?', async (c) => {
      const { set, kid = null } = c.req.param()
      const kids = await c.var.ctx.rt.storedKeys.remove(set, kid)
      // That nothing was there is no error (contract 1.2).
      if (kids.length > 0) c.var.ctx.audit('key.deleted', { set, kids })
      return c.body(null, 204)
    })
}

function readCreation(body: unknown): {
  readonly alg: (typeof KEY_ALGORITHMS)[number]
  readonly options: { readonly kid?: string; readonly use?: string }
} {
  const parsed = v.safeParse(creation, body)
  if (!parsed.success || !isJsonObject(body))
    throw malformedBody("The body must be an object with 'alg', 'kid' and 'use' (sig or enc).")
  const { kid, use } = parsed.output
  const alg = KEY_ALGORITHMS.find((known) => known === parsed.output.alg)
  if (alg === undefined) {
    throw new OAuthError('unusable_algorithm', `Parameter 'alg' must be one of ${KEY_ALGORITHMS.join(', ')}.`)
  }
  return { alg, options: { ...(kid !== '' && { kid }), ...(use !== '' && { use }) } }
}

function readKeys(body: unknown): readonly unknown[] {
  if (isJsonObject(body) && Array.isArray(body['keys'])) return body['keys']
  throw malformedBody("The body must be an object with an array 'keys'.")
}

/** A key for a path that names it: a body that names another one is a mistake, not a renaming (contract 8.2). */
function readNamed(kid: string, body: unknown): ReturnType<typeof readKey> {
  if (!isJsonObject(body) || (body['kid'] ?? kid) !== kid) {
    throw malformedBody("The body must be a key whose 'kid' is the one in the path.")
  }
  return readKey({ ...body, kid })
}
