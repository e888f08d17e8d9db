import { createExecutionContext } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { bindingApp } from '../../src/app.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'

const lines = new LogLines()

const HOST = 'op.example'
const ISSUER = `https://${HOST}`
const HSTS = 'strict-transport-security'
const YEAR = 'max-age=31536000'

const at = (settings: Readonly<Record<string, string>> = {}): Deployment =>
  new Deployment(testEnv({ URLS_SELF_ISSUER: ISSUER, DEMO_PAGES: 'true', ...settings }))

const key = { authorization: 'Bearer ladon-test-admin-key' }

describe('plain http under an https issuer', () => {
  it.each([
    '/oauth2/auth?client_id=x&state=a%20b&x=%2F',
    '/oauth2/sessions/logout?id_token_hint=a.b.c',
    '/oauth2/device/verify?user_code=ABC',
    '/.well-known/openid-configuration',
    '/health/alive',
    '/ui/login?login_challenge=x',
    '/nowhere',
  ])('is led to https where it is a link: %s', async (path) => {
    const answer = await at().fetch(`http://${HOST}${path}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([308, `${ISSUER}${path}`])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.has('set-cookie')).toBe(false)
    expect(answer.headers.has(HSTS)).toBe(false)
    expect(lines.last('request')).toMatchObject({ status: 308, reason: 'plain_http' })
  })

  it('keeps the path of the issuer', async () => {
    const answer = await at({ URLS_SELF_ISSUER: `${ISSUER}/tenant` }).fetch(`http://${HOST}/tenant/userinfo`)
    expect(answer.headers.get('location')).toBe(`${ISSUER}/tenant/userinfo`)
  })

  it.each([
    ['POST', '/oauth2/token', {}],
    ['POST', '/oauth2/introspect', key],
    ['POST', '/oauth2/revoke', {}],
    ['POST', '/oauth2/register', {}],
    ['POST', '/oauth2/auth', {}],
    ['GET', '/oauth2/register/x', { authorization: 'Bearer registration-token' }],
    ['GET', '/userinfo', { authorization: 'Bearer ory_at_x' }],
    ['GET', '/userinfo?access_token=ory_at_x', {}],
    ['GET', '/admin/clients', key],
    ['GET', '/clients', key],
    ['POST', '/admin/clients', key],
    ['DELETE', '/admin/clients/x', key],
    ['OPTIONS', '/oauth2/token', { origin: 'https://app.example' }],
  ])('is refused where it may carry a credential: %s %s', async (method, path, headers) => {
    const answer = await at().fetch(`http://${HOST}${path}`, { method, headers })
    expect(answer.status).toBe(400)
    expect(answer.headers.has('location')).toBe(false)
    const { error, error_description } = await bodyOf(answer)
    expect(error).toBe('invalid_request')
    expect(error_description).toContain('The request came over plain http.')
    expect(lines.last('request')).toMatchObject({ status: 400, reason: 'plain_http' })
  })

  it('does nothing', async () => {
    const body = JSON.stringify({ client_id: 'made-in-the-clear' })
    await at().fetch(`http://${HOST}/admin/clients`, { method: 'POST', headers: key, body })
    expect((await at().admin('GET', '/admin/clients/made-in-the-clear')).status).toBe(404)
    expect(lines.of('audit')).toEqual([])
  })

  it.each([
    { 'x-forwarded-proto': 'https' },
    { 'cf-visitor': '{"scheme":"https"}' },
    { forwarded: 'proto=https' },
  ])('is plain whatever the request says of itself: %j', async (headers) => {
    const answer = await at().fetch(`http://${HOST}/oauth2/token`, { method: 'POST', headers })
    expect([answer.status, lines.last('request')?.['reason']]).toEqual([400, 'plain_http'])
  })

  it('names a foreign host as such', async () => {
    expect((await at().fetch('http://elsewhere.example/oauth2/auth')).status).toBe(421)
  })

  it.each(['http://localhost:4444', 'http://127.0.0.1:9'])('is right for the issuer %s', async (issuer) => {
    const answer = await at({ URLS_SELF_ISSUER: issuer }).fetch(`${issuer}/health/alive`)
    expect([answer.status, answer.headers.has(HSTS)]).toEqual([200, false])
  })

  it('does not concern service bindings', async () => {
    const env = testEnv({ URLS_SELF_ISSUER: ISSUER })
    const request = new Request('http://ladon/admin/version')
    const answer = await bindingApp('Admin').fetch(request, env, createExecutionContext())
    expect([answer.status, answer.headers.has(HSTS)]).toEqual([200, false])
  })
})

describe('SERVE_TLS_TERMINATION=proxy', () => {
  it.each([
    ['http', undefined, 200],
    ['http', 'https', 200],
    ['https', 'HTTPS', 200],
    ['http', 'http', 308],
    ['http', 'HTTP', 308],
    ['http', 'https, http', 308],
    ['https', 'http', 308],
  ])('goes by what the proxy says: %s, %s', async (scheme, forwarded, status) => {
    const headers = forwarded === undefined ? {} : { 'x-forwarded-proto': forwarded }
    const proxied = at({ SERVE_TLS_TERMINATION: 'proxy' })
    const answer = await proxied.fetch(`${scheme}://${HOST}/health/alive`, { headers })
    expect([answer.status, answer.headers.get(HSTS)]).toEqual([status, status === 200 ? YEAR : null])
  })
})

describe('the HSTS header', () => {
  it.each([
    [{}, YEAR],
    [{ SERVE_HSTS: 'off' }, null],
    [{ SERVE_HSTS: 'max-age=0' }, 'max-age=0'],
    [
      { SERVE_HSTS: 'max-age=63072000; includeSubDomains; preload' },
      'max-age=63072000; includeSubDomains; preload',
    ],
    [{ URLS_SELF_ISSUER: 'https://ladon.account.workers.dev' }, null],
    [{ URLS_SELF_ISSUER: 'https://ladon.account.workers.dev', SERVE_HSTS: YEAR }, YEAR],
    [{ URLS_SELF_ISSUER: 'https://localhost:4444' }, null],
    [{ URLS_SELF_ISSUER: 'http://localhost:4444', SERVE_HSTS: YEAR }, null],
  ])('with %j is %s', async (settings, expected) => {
    const server = at(settings)
    for (const path of ['/health/alive', '/nowhere', '/ui/login', '/admin/clients']) {
      expect((await server.fetch(path)).headers.get(HSTS)).toBe(expected)
    }
  })
})
