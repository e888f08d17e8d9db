import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
} from '../support/relying-party.ts'

const deployment = new Deployment()
let lines: string[]

beforeEach(() => {
  lines = []
  const keep = (line: unknown): void => {
    lines.push(String(line))
  }
  for (const method of ['log', 'error', 'warn', 'info'] as const)
    vi.spyOn(console, method).mockImplementation(keep)
})

afterEach(() => {
  vi.restoreAllMocks()
})

const parsed = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line))
const audits = (): unknown[] => parsed().flatMap((line) => (line['kind'] === 'audit' ? [line['event']] : []))

describe('logs', () => {
  it('are one JSON line per request with id, route, status, client and duration', async () => {
    const client = await registerClient(deployment)
    lines = []
    const response = await redeem(deployment, client, 'ory_ac_forged.forged')
    const own = parsed().filter((line) => line['kind'] === 'request')
    expect(own).toEqual([
      {
        kind: 'request',
        request_id: response.headers.get('x-request-id'),
        method: 'POST',
        route: '/oauth2/token',
        status: 400,
        client_id: client.id,
        duration_ms: expect.any(Number),
        error: 'invalid_grant',
        reason: 'code_unknown',
      },
    ])
  })

  it.each([
    [
      'a redirect to the client',
      { prompt: 'odd' },
      'invalid_request',
      'parameter_malformed',
      'parameter=prompt',
    ],
    [
      'the error page',
      { redirect_uri: 'https://other.example/' },
      'invalid_request',
      'redirect_uri_unregistered',
      undefined,
    ],
  ])('say why a request was refused by %s', async (_how, parameters, error, reason, fact) => {
    const client = await registerClient(deployment)
    lines = []
    await new Browser(deployment).visit(authorizationPath(client, parameters))
    const refused = parsed().find((line) => line['kind'] === 'request')
    expect(refused).toMatchObject({ error, reason, client_id: client.id })
    expect([refused?.['facts'] ?? []].flat()[0]).toBe(fact)
  })

  it('say what happened to grants and clients', async () => {
    const client = await registerClient(deployment)
    const tokens = await logIn(deployment, client, { login: { subject: 'audited' } })
    const { refresh_token } = await (await refresh(deployment, client, tokens.refresh_token)).json<{
      refresh_token: string
    }>()
    await refresh(deployment, client, tokens.refresh_token)
    await revoke(deployment, client, refresh_token)
    const again = parameter(await authorizeAt(deployment, client), 'code')
    await redeem(deployment, client, again)
    await redeem(deployment, client, again)
    await deployment.admin('DELETE', '/admin/oauth2/auth/sessions/consent?subject=audited&all=true')
    await deployment.admin('DELETE', `/admin/clients/${client.id}`)
    expect(audits()).toEqual([
      'client.created',
      'session.started',
      'consent.granted',
      'token.issued',
      'token.refreshed',
      'token.grace_hit',
      'token.revoked',
      'session.started',
      'consent.granted',
      'token.issued',
      'token.reuse_detected',
      'client.deleted',
    ])
  })

  it.each([
    ['true', 'DEMO_PAGES is on'],
    ['false', undefined],
  ])('warn in every line while DEMO_PAGES is %s on a public server', async (demo, warning) => {
    const settings = { URLS_SELF_ISSUER: 'https://op.example', DEMO_PAGES: demo }
    const response = await new Deployment(testEnv(settings)).fetch('https://op.example/')
    expect(response.status).toBe(demo === 'true' ? 200 : 404)
    expect(parsed().map((line) => line['warning'])).toEqual([warning])
  })

  it('never hold a token, code, secret, challenge, verifier or cookie', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const callback = await authorizeAt(deployment, client, { browser, login: { remember: true } })
    const code = parameter(callback, 'code')
    const tokens = await (await redeem(deployment, client, code)).json<Record<string, string>>()
    await deployment.fetch(`/userinfo?access_token=${tokens['access_token']}`)
    await deployment.fetch(`/oauth2/sessions/logout?id_token_hint=${tokens['id_token']}`)
    const secrets = [
      client.secret,
      code,
      tokens['access_token'],
      tokens['refresh_token'],
      tokens['id_token'],
      ...browser.cookies.values(),
      'ladon-test-admin-key',
      'test-system-secret',
    ]
    const log = lines.join('\n')
    for (const secret of secrets) {
      expect(secret?.length).toBeGreaterThan(10)
      expect(log).not.toContain(secret)
    }
    expect(log).not.toMatch(/_challenge=|_verifier=|ory_[a-z]{2}_/)
  })
})
