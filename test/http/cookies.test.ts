import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import type { CookieSettings } from '../../src/config/types.ts'
import {
  clearedSessionCookie,
  csrfCookie,
  csrfCookieName,
  readCookie,
  sessionCookie,
} from '../../src/http/cookies.ts'

function cookiesOf(issuer: string, more: Readonly<Record<string, string>> = {}): CookieSettings {
  const secrets = { SECRETS_SYSTEM: 'a-system-secret-of-at-least-32-chars' }
  return loadConfig({ URLS_SELF_ISSUER: issuer, ...secrets, ...more }).cookies
}

const https = cookiesOf('https://op.example')
const http = cookiesOf('http://localhost:4444')

describe('session cookie', () => {
  it.each([
    [
      'https',
      sessionCookie(https, 'v', 3600),
      '__Host-ory_hydra_session=v; Max-Age=3600; Path=/; HttpOnly; Secure; SameSite=None',
    ],
    [
      'http',
      sessionCookie(http, 'v', 3600),
      'ory_hydra_session_dev=v; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax',
    ],
    [
      'cleared',
      clearedSessionCookie(https),
      '__Host-ory_hydra_session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=None',
    ],
    [
      'at most 400 days',
      sessionCookie(http, 'v', 1e12),
      'ory_hydra_session_dev=v; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax',
    ],
    [
      'as configured',
      sessionCookie(
        cookiesOf('https://op.example', {
          SERVE_COOKIES_SAME_SITE_MODE: 'Strict',
          SERVE_COOKIES_DOMAIN: 'op.example',
          SERVE_COOKIES_PATHS_SESSION: '/oauth2',
          SERVE_COOKIES_NAMES_SESSION: 'sid',
        }),
        'v',
        1,
      ),
      'sid=v; Max-Age=1; Domain=op.example; Path=/oauth2; HttpOnly; Secure; SameSite=Strict',
    ],
  ])('%s', (_, line, expected) => {
    expect(line).toBe(expected)
  })
})

describe('CSRF cookies', () => {
  it('are named for step and client', () => {
    expect(csrfCookieName(https, 'login', 'hello')).toBe('__Host-ory_hydra_login_csrf_7')
    expect(csrfCookieName(https, 'consent', 'hello')).toBe('__Host-ory_hydra_consent_csrf_7')
    expect(csrfCookieName(https, 'device', '')).toBe('__Host-ory_hydra_device_csrf')
    expect(csrfCookieName(http, 'login', 'hello')).toBe('ory_hydra_login_csrf_dev_7')
  })

  it('live as long as the step, on every path', () => {
    const narrow = cookiesOf('https://op.example', { SERVE_COOKIES_PATHS_SESSION: '/oauth2' })
    expect(csrfCookie(narrow, 'login', 'hello', 'v', 1800)).toBe(
      '__Host-ory_hydra_login_csrf_7=v; Max-Age=1800; Path=/; HttpOnly; Secure; SameSite=None',
    )
  })
})

const PREFIXED = /^__Host-/

describe('the prefix __Host-', () => {
  it.each([
    [{}, ['sessionName', 'stateName', 'loginCsrfName', 'consentCsrfName', 'deviceCsrfName']],
    [{ SERVE_COOKIES_DOMAIN: 'op.example' }, ['stateName']],
    [
      { SERVE_COOKIES_PATHS_SESSION: '/oauth2' },
      ['stateName', 'loginCsrfName', 'consentCsrfName', 'deviceCsrfName'],
    ],
    [
      { SERVE_COOKIES_NAMES_SESSION: 'ory_hydra_session' },
      ['loginCsrfName', 'consentCsrfName', 'deviceCsrfName'],
    ],
    [
      { SERVE_COOKIES_NAMES_LOGIN_CSRF: 'a', SERVE_COOKIES_NAMES_DEVICE_CSRF: 'b' },
      ['sessionName', 'stateName', 'consentCsrfName'],
    ],
  ])('with %j is on %j', (settings, names) => {
    const found = Object.entries(cookiesOf('https://op.example', settings))
    expect(found.flatMap(([name, value]) => (PREFIXED.test(String(value)) ? [name] : []))).toHaveLength(
      names.length,
    )
    expect(
      found.filter(([name]) => names.includes(name)).every(([, value]) => PREFIXED.test(String(value))),
    ).toBe(true)
  })

  it('is on no cookie of an http issuer', () => {
    expect(JSON.stringify(http)).not.toContain('__Host-')
  })
})

describe('readCookie', () => {
  it.each([
    ['a=1; b=2', 'b', '2'],
    ['a=1;b=2', 'a', '1'],
    ['ab=1; b=2', 'b', '2'],
    ['b="2"', 'b', '2'],
    ['b=1; b=2', 'b', '1'],
    ['b=x.y-z_0', 'b', 'x.y-z_0'],
    ['b=', 'b', undefined],
    ['a=1', 'b', undefined],
    ['b', 'b', undefined],
    ['b=%zz', 'b', '%zz'],
    [';;;=;', 'b', undefined],
    [null, 'b', undefined],
    [undefined, 'b', undefined],
    ['a=1', '__proto__', undefined],
    ['a=1', 'constructor', undefined],
  ])('%j, %s', (header, name, value) => {
    expect(readCookie(header, name)).toBe(value)
  })

  it('reads back what was set', () => {
    const [pair] = sessionCookie(https, 'AXNh_-x.eOBs', 60).split(';')
    expect(readCookie(`other=1; ${pair}`, https.sessionName)).toBe('AXNh_-x.eOBs')
  })
})
