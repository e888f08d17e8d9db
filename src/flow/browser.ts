import type { Context } from 'hono'
import * as v from 'valibot'
import type { AppEnv } from '../context.ts'
import { sealed } from '../crypto/sealed.ts'
import { tuple } from '../crypto/tuple.ts'
import {
  type CsrfStep,
  clearedSessionCookie,
  csrfCookie,
  csrfCookieName,
  readCookie,
  sessionCookie,
} from '../http/cookies.ts'
import { isOwner, type Owner } from '../ledger/owner.ts'
import { randomText, toBase64url } from '../util/base64url.ts'
import { after, nowSeconds, type Seconds } from '../util/clock.ts'
import { constantTimeEqual, sha256 } from '../util/digest.ts'
import type { Sid } from '../util/ids.ts'
import { sid } from '../util/schema.ts'

/** What a browser is known by during its flows: a random text. */
const browsers = sealed<{ readonly id: string }>('browser', tuple({ id: v.string() }))

const presented = (c: Context<AppEnv>, name: string): string | undefined =>
  readCookie(c.req.header('cookie'), name)

const setCookie = (c: Context<AppEnv>, cookie: string): void =>
  c.header('set-cookie', cookie, { append: true })

const binding = (cookie: string, flowId: string): string =>
  toBase64url(sha256(`${cookie}\0${flowId}`).subarray(0, 16))

/**
 * Binds a flow step to this browser and returns H(cookie, flow id) for sealing (contract 5.3, design section 4). Sets
 * the CSRF cookie, or keeps the one the browser has, so that tabs do not disturb each other. A value that this server
 * did not make is replaced, since whoever planted it knows it.
 */
export async function bindBrowser(
  c: Context<AppEnv>,
  step: CsrfStep,
  clientId: string,
  flowId: string,
): Promise<string> {
  const { rt } = c.var.ctx
  const { cookies, ttl } = rt.config
  const present = presented(c, csrfCookieName(cookies, step, clientId))
  const known = present !== undefined && (await browsers.open(rt, present)) !== undefined
  const value = known ? present : await browsers.seal(rt, { id: randomText(16) }, null)
  setCookie(c, csrfCookie(cookies, step, clientId, value, ttl.loginConsentRequest))
  return binding(value, flowId)
}

/** Whether this browser started the step. Needs no ledger call. */
export function browserMatches(
  c: Context<AppEnv>,
  step: CsrfStep,
  clientId: string,
  flow: { readonly id: string; readonly csrf: string },
): boolean {
  const value = presented(c, csrfCookieName(c.var.ctx.rt.config.cookies, step, clientId))
  return value !== undefined && constantTimeEqual(binding(value, flow.id), flow.csrf)
}

/** Content of the session cookie: the ledger that knows the session, and the session's id. */
export interface SessionCookie {
  readonly owner: Owner
  readonly sid: Sid
}

const sessions = sealed<SessionCookie>('session', tuple({ owner: v.custom<Owner>(isOwner), sid }))

/** Reads the session cookie; `undefined` if it is missing, forged or expired. */
export async function readSessionCookie(c: Context<AppEnv>): Promise<SessionCookie | undefined> {
  const { rt } = c.var.ctx
  const value = presented(c, rt.config.cookies.sessionName)
  const opened = value === undefined ? undefined : await sessions.open(rt, value)
  return opened === undefined || (opened.expiresAt ?? 0) <= nowSeconds() ? undefined : opened
}

/** Sets the session cookie for `lifetime` seconds (contract 3.4). */
export async function writeSessionCookie(
  c: Context<AppEnv>,
  session: SessionCookie,
  lifetime: Seconds,
): Promise<void> {
  const { rt } = c.var.ctx
  const value = await sessions.seal(rt, session, after(nowSeconds(), lifetime))
  setCookie(c, sessionCookie(rt.config.cookies, value, lifetime))
}

/** Removes the session cookie. */
export function clearSessionCookie(c: Context<AppEnv>): void {
  setCookie(c, clearedSessionCookie(c.var.ctx.rt.config.cookies))
}
