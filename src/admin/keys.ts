import type { Context } from 'hono'
import type { JWK } from 'jose'
import * as v from 'valibot'
import type { AppEnv } from '../context.ts'
import { noParameter } from '../errors/missing.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { malformedBody, resourceNotFound } from '../errors/refusals.ts'
import { parseBody } from '../flow/bodies.ts'
import { readJson } from '../http/form.ts'
import { json } from '../http/json.ts'
import { endsInSlash } from '../http/paths.ts'
import { generateKey, KEY_ALGORITHMS, readKey } from '../keys/material.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET } from '../keys/ring.ts'
import { nextRsaBits } from '../keys/rotation.ts'
import type { OpenedKey } from '../keys/signing-key.ts'
import type { Runtime } from '../runtime.ts'
import { isJsonObject } from '../util/json.ts'
import { name, string } from '../util/schema.ts'
import { type AdminGuard, hasScope } from './guard.ts'

/** Modulus length of RSA keys that an admin creates, in bits; the same as Hydra's (contract 1.4.6). */
const RSA_BITS = 4096

/** The sets that this server signs with. A key made by hand is as large there as one of the rotation. */
const SIGNING_SETS: readonly string[] = [ID_TOKEN_SET, ACCESS_TOKEN_SET]

/** What bodies must be. Made when one is not: an isolate starts without. */
const algorithm = (): string => `one of ${KEY_ALGORITHMS.join(', ')}`
const creation = (): string =>
  `an object with 'alg' (${algorithm()}) and, if you like, 'kid' and 'use' (sig or enc)`
const wholeSet = (): string => "an object with an array 'keys' of JWKs"
const oneKey = (): string => "a JWK whose 'kid' is the one in the path, or is left out"

const KID = 'a string of 1 to 255 characters, none of them a control character'

/** Body that creates a key; as in Hydra, null and empty members count as absent. */
export const keyCreation = v.object(
  {
    alg: v.nullish(string, ''),
    kid: v.nullish(v.union([name, v.picklist([''])], KID), ''),
    use: v.nullish(v.picklist(['sig', 'enc', ''], "'sig' or 'enc'"), ''),
  },
  creation,
)

type Show = (c: Context<AppEnv>, keys: readonly OpenedKey[]) => readonly JWK[]

/** Shows keys as far as a guard allows: private members only to API keys with scope `all`. */
const shownBy =
  (guard: AdminGuard): Show =>
  (c, keys) => {
    const whole = hasScope(guard, c, 'all')
    return keys.map((key) => (whole ? key.key : key.publicJwk))
  }

const pathOf = (c: Context<AppEnv>): { readonly set: string; readonly kid: string | undefined } => ({
  set: c.req.param('set') ?? '',
  kid: c.req.param('kid'),
})

/**
 * GET /admin/keys/{set} and /admin/keys/{set}/{kid} (contract 1.4.6, 2.10). Whoever gets private members could sign from
 * then on as this server does, so that has an audit line, as a change has.
 */
export const getKeys =
  (guard: AdminGuard) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const { set, kid } = pathOf(c)
    const keys = (await c.var.ctx.rt.storedKeys.read(set)).filter((key) => key.kid === (kid ?? key.kid))
    if (keys.length === 0) throw notFound(set, kid)
    const shown = shownBy(guard)(c, keys)
    const kids = keys.flatMap((key, at) => (shown[at]?.d === undefined ? [] : [key.kid]))
    if (kids.length > 0) c.var.ctx.audit('key.exported', { set, kids })
    return json({ keys: shown })
  }

/** Hydra has different words for a set and a key that are not there (contract 0.3). */
const notFound = (set: string, kid: string | undefined): OAuthError =>
  kid === undefined
    ? new OAuthError('key_set_not_found', 'entry_unknown', { kind: 'key set', id: set })
    : resourceNotFound('key', kid)

/** POST /admin/keys/{set}: creates a key. */
export const postKey =
  (guard: AdminGuard) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const { rt, audit } = c.var.ctx
    const { set } = pathOf(c)
    const { alg, options } = readCreation(await readJson(c.var.body, creation))
    const bits = isRsa(alg) ? await rsaBits(rt, set) : RSA_BITS
    const key = await rt.storedKeys.add(set, await generateKey(alg, bits, options))
    audit('key.created', { set, kid: key.kid, alg })
    const issuer = rt.config.urls.issuer.replace(/\/+$/, '')
    const location = `${issuer}/keys/${encodeURIComponent(set)}`
    return json({ keys: shownBy(guard)(c, [key]) }, 201, { location })
  }

async function rsaBits({ storedKeys }: Runtime, set: string): Promise<number> {
  if (!SIGNING_SETS.includes(set)) return RSA_BITS
  return nextRsaBits(await storedKeys.newestRsa(set))
}

const isRsa = (alg: string): boolean => alg.startsWith('RS') || alg.startsWith('PS')

/** PUT /admin/keys/{set}: replaces the set. */
export const putKeys =
  (guard: AdminGuard) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const { set } = pathOf(c)
    const given = await Promise.all(readKeys(await readJson(c.var.body, wholeSet)).map(readKey))
    const keys = await c.var.ctx.rt.storedKeys.replaceSet(set, given)
    c.var.ctx.audit('key.replaced', { set, kids: keys.map(({ kid }) => kid) })
    return json({ keys: shownBy(guard)(c, keys) })
  }

/** PUT /admin/keys/{set}/{kid}: puts one key into the set. */
export const putKey =
  (guard: AdminGuard) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const { set, kid = '' } = pathOf(c)
    const given = await readNamed(kid, await readJson(c.var.body, oneKey))
    const keys = await c.var.ctx.rt.storedKeys.replaceKey(set, given)
    c.var.ctx.audit('key.replaced', { set, kids: [kid] })
    return json(shownBy(guard)(c, keys)[0])
  }

/**
 * DELETE /admin/keys/{set} and /admin/keys/{set}/{kid}; succeeds even if there is nothing to delete (contract 1.2).
 * Throws `malformed_body` for an empty `kid`, which does not mean the whole set.
 */
export async function removeKeys(c: Context<AppEnv>): Promise<Response> {
  const { set, kid = null } = pathOf(c)
  if (kid === null && endsInSlash(c.req.url)) throw malformedBody('parameter_missing', noParameter('kid'))
  const kids = await c.var.ctx.rt.storedKeys.remove(set, kid)
  if (kids.length > 0) c.var.ctx.audit('key.deleted', { set, kids })
  return c.body(null, 204)
}

function readCreation(body: unknown): {
  readonly alg: (typeof KEY_ALGORITHMS)[number]
  readonly options: { readonly kid?: string; readonly use?: string }
} {
  const { alg: named, kid, use } = parseBody(keyCreation, isJsonObject(body) ? body : undefined)
  const alg = KEY_ALGORITHMS.find((known) => known === named)
  if (alg === undefined) {
    const reason = named === '' ? 'field_missing' : 'field_malformed'
    throw new OAuthError('unusable_algorithm', reason, { field: 'alg', expected: algorithm() })
  }
  return { alg, options: { ...(kid !== '' && { kid }), ...(use !== '' && { use }) } }
}

function readKeys(body: unknown): readonly unknown[] {
  if (isJsonObject(body) && Array.isArray(body['keys'])) return body['keys']
  throw malformedBody('body_malformed', { expected: wholeSet() })
}

/** Reads a key for the path of a `kid`. A body with another `kid` is a mistake, not a renaming (contract 8.2). */
function readNamed(kid: string, body: unknown): ReturnType<typeof readKey> {
  if (!isJsonObject(body) || (body['kid'] ?? kid) !== kid) {
    throw malformedBody('body_malformed', { expected: oneKey() })
  }
  return readKey({ ...body, kid })
}
