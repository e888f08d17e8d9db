import { parse, serialize } from 'hono/utils/cookie'
import type { CookieSettings } from '../config/types.ts'
import { murmur3 } from '../util/murmur3.ts'

/** Longest Max-Age browsers honour, in seconds: 400 days. */
const MAX_AGE_CAP = 400 * 86_400

/** Which of the browser bindings a CSRF cookie belongs to. */
export type CsrfStep = 'login' | 'consent' | 'device'

/** The value of a cookie in a `Cookie` header, the first if it is there twice; `undefined` when absent or empty. */
export function readCookie(header: string | null | undefined, name: string): string | undefined {
  const cookies = parse(header ?? '', name)
  return (Object.hasOwn(cookies, name) && cookies[name]) || undefined
}

/**
 * Name of a client's CSRF cookie: a murmur3 suffix lets flows of several clients run side by side (contract 5.3). A
 * device's has none: its client is not known yet.
 */
export function csrfCookieName(settings: CookieSettings, step: CsrfStep, clientId: string): string {
  const base = settings[`${step}CsrfName` as const]
  return step === 'device' ? base : `${base}_${murmur3(clientId)}`
}

/** `Set-Cookie` of a client's CSRF cookie. `maxAge` in seconds. */
export function csrfCookie(
  settings: CookieSettings,
  step: CsrfStep,
  clientId: string,
  value: string,
  maxAge: number,
): string {
  return setCookie(settings, csrfCookieName(settings, step, clientId), value, '/', maxAge)
}

/** `Set-Cookie` of the login session's cookie. `maxAge` in seconds. */
export function sessionCookie(settings: CookieSettings, value: string, maxAge: number): string {
  return setCookie(settings, settings.sessionName, value, settings.sessionPath, maxAge)
}

/** `Set-Cookie` that makes the browser forget the login session's cookie. */
export function clearedSessionCookie(settings: CookieSettings): string {
  return sessionCookie(settings, '', 0)
}

/** Name of the cookie that scripts of our origin read to see whether the session changed (OIDC Session Management 1.0 section 3.2). */
export const stateCookieName = ({ sessionName }: Pick<CookieSettings, 'sessionName'>): string =>
  `${sessionName}_state`

/** `Set-Cookie` of that cookie, which only this very host gets. `maxAge` in seconds. */
export const stateCookie = (settings: CookieSettings, value: string, maxAge: number): string =>
  setCookie({ ...settings, domain: null }, stateCookieName(settings), value, '/', maxAge, false)

/** A `Set-Cookie` header, out of reach of scripts unless they are let. `maxAge` in seconds; 0: forget it. */
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
