import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import { enterCode, registerDeviceClient, startDevice } from '../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
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
        grant_type: 'authorization_code',
        error: 'invalid_grant',
        reason: 'code_unknown',
        facts: [expect.stringMatching(/^length=\d+$/)],
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

  it.each(['login', 'consent'] as const)(
    'say that the %s app refused, in no word of its own',
    async (step) => {
      const client = await registerClient(deployment)
      const [app, browser] = [new LoginApp(deployment), new Browser(deployment)]
      let at = await browser.next(authorizationPath(client))
      if (step === 'consent') {
        const challenge = parameter(at, 'login_challenge')
        at = await browser.next(await app.decide('login', 'accept', challenge, { subject: 'alice' }))
      }
      const denial = { error: 'tired', error_description: 'the words of the app' }
      const back = await app.decide(step, 'reject', parameter(at, `${step}_challenge`), denial)
      lines = []
      expect(parameter(await browser.next(back), 'error')).toBe('tired')
      const refused = parsed().find((line) => line['kind'] === 'request')
      expect(refused).toMatchObject({ error: 'access_denied', reason: 'app_denied', facts: [`step=${step}`] })
      expect(lines.join()).not.toContain('words of the app')
    },
  )

  it.each([
    [
      'Basic',
      (id: string, secret: string) => ({ authorization: `Basic ${btoa(`${secret}:${id}`)}`, form: {} }),
    ],
    ['the form', (id: string, secret: string) => ({ form: { client_id: secret, client_secret: id } })],
  ])('hold no secret that was sent as the id of a client by %s', async (_how, swapped) => {
    const { id, secret } = await registerClient(deployment)
    lines = []
    const { authorization, form } = { authorization: '', ...swapped(id, secret) }
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...form })
    const headers = authorization === '' ? undefined : { authorization }
    const answer = await deployment.fetch('/oauth2/token', {
      method: 'POST',
      body,
      ...(headers && { headers }),
    })
    expect(answer.status).toBe(401)
    expect(parsed()).toHaveLength(1)
    expect(lines.join()).not.toContain(secret)
  })

  it('say why a device was not connected, where its user is shown a page', async () => {
    const client = await registerDeviceClient(deployment)
    const { user_code } = await startDevice(deployment, client)
    const verify = await enterCode(deployment, new Browser(deployment), user_code)
    lines = []
    const page = await new Browser(deployment).visit(verify, { headers: { accept: 'text/html' } })
    expect(page.headers.get('content-type')).toContain('text/html')
    const refused = parsed().find((line) => line['kind'] === 'request')
    expect(refused).toMatchObject({ error: 'request_forbidden', reason: 'flow_of_other_browser' })
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
      'token.revoked',
      'session.started',
      'consent.granted',
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
