import type { Context } from 'hono'
import * as v from 'valibot'
import { initialAccessTokens, policyOf, registrar } from '../clients/initial-access.ts'
import { hostPatterns, type Parser, schemes } from '../config/parsers.ts'
import type { RegistrationPolicy } from '../config/types.ts'
import type { AppEnv } from '../context.ts'
import { OAuthError } from '../errors/oauth-error.ts'
import { resourceNotFound } from '../errors/refusals.ts'
import { parseBody } from '../flow/bodies.ts'
import { readJson } from '../http/form.ts'
import { json, NO_STORE } from '../http/json.ts'
import type { InitialAccessView } from '../ledger/types.ts'
import { after, nowSeconds, seconds } from '../util/clock.ts'
import type { JsonObject } from '../util/json.ts'
import { rfc3339 } from '../util/rfc3339.ts'
import { SCOPE_TOKEN } from '../util/scope.ts'
import { respondWithPage } from './pagination.ts'

const PATH = '/admin/registration/initial-access-tokens'

/** The longest and the usual life of a token, seconds: a year, a day. */
const MAX_SECONDS = 365 * 86_400
const USUAL_SECONDS = 86_400

/** The largest number of uses, of values of a list, and of characters of a value. */
const MAX_USES = 1_000_000
const MAX_VALUES = 100
const MAX_VALUE = 255

const whole = (most: number) => {
  const expected = `a whole number from 1 to ${most}`
  return v.pipe(v.number(expected), v.integer(expected), v.minValue(1, expected), v.maxValue(most, expected))
}

function textList() {
  const expected = `an array of at most ${MAX_VALUES} strings of 1 to ${MAX_VALUE} characters`
  const text = v.pipe(v.string(expected), v.minLength(1, expected), v.maxLength(MAX_VALUE, expected))
  return v.nullish(v.pipe(v.array(text, expected), v.maxLength(MAX_VALUES, expected)), null)
}

/** Reads a list as the setting of that kind is read. */
function textsFor(parser: Parser<readonly string[]>, expected: string) {
  const read = (list: readonly string[]) => parser.parse(JSON.stringify(list)) ?? null
  return v.pipe(
    textList(),
    v.check((list) => list === null || read(list) !== null, `an array of ${expected}`),
    v.transform((list) => list && read(list)),
  )
}

function scopeText() {
  const expected = `a string of at most ${MAX_VALUES} scopes, with one space between them`
  const scopes = v.pipe(
    v.string(expected),
    v.maxLength(MAX_VALUES * MAX_VALUE, expected),
    v.transform((text) => text.split(' ')),
    v.maxLength(MAX_VALUES, expected),
    v.everyItem((value) => SCOPE_TOKEN.test(value), expected),
  )
  return v.nullish(scopes, null)
}

/**
 * Returns the schema of the body that makes a token. Unknown members are refused: a misspelt limit would be none. It is
 * made for each, as few tokens are: an isolate starts without it.
 */
export function tokenCreation() {
  const entries = {
    expires_in: v.nullish(whole(MAX_SECONDS), USUAL_SECONDS),
    uses: v.nullish(whole(MAX_USES), 1),
    scope: scopeText(),
    audience: textList(),
    grant_types: textList(),
    redirect_hosts: textsFor(hostPatterns, 'host names such as app.example or *.app.example'),
    redirect_schemes: textsFor(schemes, 'URI schemes such as https or com.example.app'),
  }
  return v.strictObject(entries, ({ path }) =>
    path === undefined ? 'a JSON object' : `absent: the body may have ${Object.keys(entries).join(', ')}`,
  )
}

/** POST /admin/registration/initial-access-tokens: makes a token, which only this answer shows (RFC 7591 section 3). */
export async function postInitialAccessToken(c: Context<AppEnv>): Promise<Response> {
  const { rt, attempt, audit } = c.var.ctx
  const asked = parseBody(tokenCreation(), await readJson(c.var.body))
  const { expires_in, uses, grant_types, redirect_hosts, redirect_schemes, ...lists } = asked
  const policy: RegistrationPolicy = {
    ...lists,
    grantTypes: grant_types,
    redirectHosts: redirect_hosts,
    redirectSchemes: redirect_schemes,
  }
  const id = crypto.randomUUID()
  const createdAt = nowSeconds()
  const expiresAt = after(createdAt, seconds(expires_in))
  const stored = { id, uses, policy: JSON.stringify(policy), createdAt, expiresAt }
  const { added } = await rt.ledgers.call(registrar(), 'addInitialAccess', { attempt, ...stored })
  if (!added) throw new OAuthError('resource_exists', 'initial_access_crowded')
  audit('initial_access_token.created', { initial_access_token: id, uses })
  const token = await initialAccessTokens.seal(rt, { id }, expiresAt)
  const location = `${rt.config.urls.path}${PATH}/${id}`
  return json({ ...render({ ...stored, used: 0 }), token }, 201, { ...NO_STORE, location })
}

/** GET /admin/registration/initial-access-tokens: a page of the tokens that are alive, without the tokens themselves. */
export function getInitialAccessTokens(c: Context<AppEnv>): Promise<Response> {
  const { ledgers } = c.var.ctx.rt
  return respondWithPage(c, {
    path: PATH,
    filters: {},
    page: (place) => ledgers.call(registrar(), 'listInitialAccess', place),
    count: () => ledgers.call(registrar(), 'countInitialAccess', null),
    render,
  })
}

/** DELETE /admin/registration/initial-access-tokens/{id}: no client registers with it from now on, anywhere. */
export async function removeInitialAccessToken(c: Context<AppEnv>): Promise<Response> {
  const { rt, attempt, audit } = c.var.ctx
  const id = c.req.param('id') ?? ''
  const { revoked } = await rt.ledgers.call(registrar(), 'revokeInitialAccess', { id, attempt })
  if (!revoked) throw resourceNotFound('initial access token', id)
  audit('initial_access_token.revoked', { initial_access_token: id })
  return c.body(null, 204)
}

function render(token: InitialAccessView): JsonObject {
  const { scope: scopes, audience, grantTypes, redirectHosts, redirectSchemes } = policyOf(token)
  return {
    id: token.id,
    uses: token.uses,
    used: token.used,
    created_at: rfc3339(token.createdAt),
    expires_at: rfc3339(token.expiresAt),
    ...(scopes && { scope: scopes.join(' ') }),
    ...(audience && { audience }),
    ...(grantTypes && { grant_types: grantTypes }),
    ...(redirectHosts && { redirect_hosts: redirectHosts }),
    ...(redirectSchemes && { redirect_schemes: redirectSchemes }),
  }
}
