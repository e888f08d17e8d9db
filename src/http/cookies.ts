import { parse, serialize } from 'hono/utils/cookie'
import type { CookieSettings } from '../config/types.ts'
import { murmur3 } from '../util/murmur3.ts'

/** The longest Max-Age that browsers honour, seconds: 400 days. */
const MAX_AGE_CAP = 400 * 86_400

/** The step of a flow that a CSRF cookie binds to the browser. */
export type CsrfStep = 'login' | 'consent' | 'device'

/** Returns the value of a cookie in a `Cookie` header, the first if there are two; `undefined` if absent or empty. */
export function readCookie(header: string | null | undefined, name: string): string | undefined {
  const cookies = parse(header ?? '', name)
  return (Object.hasOwn(cookies, name) && cookies[name]) || undefined
}

/**
 * How many CSRF cookies of one step a browser can have. Browsers keep fewer than 200 of a host, and pages of strangers
 * can start flows of every client.
 */
const CSRF_COOKIES = 32

/**
 * Returns the name of a CSRF cookie. A number from the client id lets first flows of several clients start at the same
 * time (contract 5.3). The cookie of the device step has none, because its client is not known yet.
 */
export function csrfCookieName(settings: CookieSettings, step: CsrfStep, clientId: string): string {
  const base = settings[`${step}CsrfName` as const]
  return step === 'device' ? base : `${base}_${murmur3(clientId) % CSRF_COOKIES}`
}

/** Returns the `Set-Cookie` header of a client's CSRF cookie. `maxAge` in seconds. */
export function csrfCookie(
  settings: CookieSettings,
  step: CsrfStep,
  clientId: string,
  value: string,
  maxAge: number,
): string {
  return setCookie(settings, csrfCookieName(settings, step, clientId), value, '/', maxAge)
}

/** Returns the `Set-Cookie` header of the login session's cookie. `maxAge` in seconds. */
export function sessionCookie(settings: CookieSettings, value: string, maxAge: number): string {
  return setCookie(settings, settings.sessionName, value, settings.sessionPath, maxAge)
}

/** Returns the `Set-Cookie` header that deletes the login session's cookie. */
export function clearedSessionCookie(settings: CookieSettings): string {
  return sessionCookie(settings, '', 0)
}

/**
 * Returns the `Set-Cookie` header of the state cookie, which browsers send only to this host. A script of this server's
 * origin reads it to see whether the session changed (OIDC Session Management 1.0 section 3.2). `maxAge` in seconds.
 */
export const stateCookie = (settings: CookieSettings, value: string, maxAge: number): string =>
  setCookie({ ...settings, domain: null }, settings.stateName, value, '/', maxAge, false)

/** Returns a `Set-Cookie` header. `maxAge` in seconds; 0 deletes the cookie. With `httpOnly` scripts cannot read it. */
export function setCookie(
  { secure, sameSite, domain }: Pick<CookieSettings, 'secure' | 'sameSite' | 'domain'>,
  name: string,
  value: string,
  path: string,
  maxAge: number,
  httpOnly = true,
): string {
  return serialize(name, value, {
    path,
    httpOnly,
    secure,
    sameSite,
    ...(domain !== null && { domain }),
    maxAge: Math.max(0, Math.min(maxAge, MAX_AGE_CAP)),
  })
}
