import { Buffer } from 'node:buffer'
import { accessTokenLifespan } from '../clients/lifespans.ts'
import type { TokenHook } from '../config/types.ts'
import type { RequestContext } from '../context.ts'
import { accessDenied, OAuthError } from '../errors/oauth-error.ts'
import type { Parameters } from '../http/form.ts'
import { logLine } from '../http/log.ts'
import { fetchOutbound } from '../http/outbound.ts'
import type { CustomClaims, HookStep, RedeemResult, RefreshResult } from '../ledger/types.ts'
import type { ClientRecord } from '../store/types.ts'
import { type TokenLifetimes, withinFamily } from '../tokens/lifetimes.ts'
import { narrowed, partOf, type Wanted } from '../tokens/targets.ts'
import { nowSeconds } from '../util/clock.ts'
import { InexactJson, parseExactJson } from '../util/exact-json.ts'
import { decodeJson, isJsonObject, isShallow, type JsonObject } from '../util/json.ts'
import {
  type HookSession,
  hookedSession,
  refreshHookBody,
  selfContainedSession,
  tokenHookBody,
} from './hook-body.ts'
import type { SelfContainedClaims } from './self-contained-token.ts'

/** Maximum nesting depth of a hook's claims, in levels. */
const MAX_DEPTH = 32

/** Maximum size of a hook's claims in a token that carries them itself, in bytes of JSON. */
const MAX_CARRIED_BYTES = 8192

/** What hooks learn about a token request, in addition to the session. */
export interface HookedRequest {
  readonly client: ClientRecord
  readonly form: Parameters
  readonly lifetimes: Pick<TokenLifetimes, 'accessToken'> & Partial<TokenLifetimes>
}

/** A request for tokens of a grant. */
export interface GrantedRequest extends HookedRequest, Wanted {
  readonly lifetimes: TokenLifetimes
}

/**
 * Runs a ledger call that issues tokens, with the token hooks in between (contract 1.5, design section 4). First asks
 * the ledger what it would issue, then asks the hooks, then commits with their claims if the grant has not changed.
 * Hooks are asked only about requests that would give new tokens. If a hook refuses or fails, nothing is written.
 *
 * @param call - the ledger call; with `ask` it changes nothing, with claims it issues these instead of the grant's own
 * @throws `access_denied` if a hook forbids it, `server_error` if a hook fails
 */
export async function withHooks<Result extends RedeemResult | RefreshResult>(
  ctx: RequestContext,
  request: GrantedRequest,
  call: (hook: HookStep | undefined) => Promise<Result>,
): Promise<Result> {
  if (hooksFor(ctx, request.form).length === 0) return call(undefined)
  const asked: RedeemResult | RefreshResult = await call('ask')
  if (asked.status !== 'issued') return call(undefined)
  if ('via' in asked && (asked.via === 'grace' || asked.via === 'repeat')) return call(undefined)
  const lifetimes = withinFamily(request.lifetimes, request.client, asked.grant, nowSeconds())
  const part = partOf(asked.grant, request)
  const claims = await askHooks(ctx, { ...request, lifetimes }, narrowed(asked.grant, part))
  const merges = !('via' in asked) && ctx.rt.config.oauth2.tokenHookClaims === 'merge'
  return call(merges && claims !== undefined ? mergeClaims(claims, asked.grant) : claims)
}

/** Adds a hook's claims to those of the redeemed consent; where both have a claim, the consent's wins (Hydra 26.2). */
const mergeClaims = (hooked: CustomClaims, consented: CustomClaims): CustomClaims => ({
  accessTokenClaims: { ...hooked.accessTokenClaims, ...consented.accessTokenClaims },
  idTokenClaims: { ...hooked.idTokenClaims, ...consented.idTokenClaims },
})

/**
 * Asks the hooks about a token without a grant and returns its custom claims; empty without a hook. Throws like
 * `withHooks`, and `server_error` for claims that are too large.
 */
export async function hookedSelfContainedClaims(
  ctx: RequestContext,
  request: Pick<HookedRequest, 'client' | 'form'>,
  claims: SelfContainedClaims,
): Promise<JsonObject> {
  if (hooksFor(ctx, request.form).length === 0) return {}
  const accessToken = accessTokenLifespan(ctx.rt.config.ttl, request.client.metadata, claims.grant.shortName)
  const hooked = { ...request, lifetimes: { accessToken } }
  const custom = (await askHooks(ctx, hooked, selfContainedSession(request, claims)))?.accessTokenClaims ?? {}
  if (Buffer.byteLength(JSON.stringify(custom)) <= MAX_CARRIED_BYTES) return custom
  throw new OAuthError('server_error', 'hook_too_large', { hook: 'token' })
}

/** The hooks to ask, in order: the token hook sees the claims of the refresh hook. */
function hooksFor({ rt }: RequestContext, form: Parameters) {
  const { tokenHook, refreshTokenHook } = rt.config.oauth2
  const refreshes = form.get('grant_type') === 'refresh_token'
  return [
    { name: 'refresh_token', hook: refreshes ? refreshTokenHook : null, bodyOf: refreshHookBody },
    { name: 'token', hook: tokenHook, bodyOf: tokenHookBody },
  ].flatMap(({ hook, ...rest }) => (hook === null ? [] : [{ hook, ...rest }]))
}

/** Asks the hooks; `undefined` if none changed any claims. */
async function askHooks(
  ctx: RequestContext,
  request: HookedRequest,
  session: HookSession,
): Promise<CustomClaims | undefined> {
  let claims: CustomClaims | undefined
  for (const { name, hook, bodyOf } of hooksFor(ctx, request.form)) {
    const current = { ...session, ...claims }
    const body = { session: await hookedSession(ctx.rt, request, current), ...bodyOf(request, current) }
    claims = (await askHook(ctx, name, hook, body)) ?? claims
  }
  return claims
}

async function askHook(
  ctx: RequestContext,
  name: string,
  hook: TokenHook,
  body: object,
): Promise<CustomClaims | undefined> {
  const headers = new Headers({ 'content-type': 'application/json; charset=utf-8' })
  if (hook.auth?.in === 'header') headers.set(hook.auth.name, hook.auth.value)
  if (hook.auth?.in === 'cookie') headers.set('cookie', `${hook.auth.name}=${hook.auth.value}`)
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  const { answer } = await fetchOutbound(ctx.rt.config, 'hook', hook.url, init)
  if (answer?.status === 204) return undefined
  if (answer?.status === 403) throw accessDenied('hook_denied', { hook: name })
  const claims = answer?.status === 200 ? readClaims(name, answer.body) : undefined
  if (claims !== undefined) return claims
  logLine('hook.failed', { request_id: ctx.requestId, hook: name, status: answer?.status ?? null })
  throw new OAuthError('server_error', 'hook_failed', { hook: name })
}

/**
 * Reads a hook's claims; those that the answer leaves out are empty (contract 1.5). `undefined` for a malformed answer.
 * Throws `server_error` for a number or text that would not go out as it came in.
 */
function readClaims(hook: string, body: Uint8Array): CustomClaims | undefined {
  try {
    const answer = parseExactJson(decodeJson(body))
    if (!isJsonObject(answer) || !isShallow(answer, MAX_DEPTH)) return undefined
    const session = answer['session'] ?? {}
    if (!isJsonObject(session)) return undefined
    const accessTokenClaims = session['access_token'] ?? {}
    const idTokenClaims = session['id_token'] ?? {}
    if (!isJsonObject(accessTokenClaims) || !isJsonObject(idTokenClaims)) return undefined
    return { accessTokenClaims, idTokenClaims }
  } catch (thrown) {
    if (thrown instanceof InexactJson)
      throw new OAuthError('server_error', 'hook_inexact', {
        hook,
        field: thrown.member,
        expected: thrown.expected,
      })
    return undefined
  }
}
