import { createExecutionContext } from 'cloudflare:test'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { publicApp } from '../../src/app.ts'
import { countCalls, varyLedger } from '../support/bindings.ts'
import { ADMIN_KEY, Browser, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { enterCode, poll, registerDeviceClient, startDevice, toLastHop } from '../support/device.ts'
import {
  authorizationPath,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'

const counted = countCalls(testEnv({ GRANTS_BOOK: 'off' }))
const deployment = new Deployment(counted.env)

/** Runs one operation and says what it asked of storage: D1 and KV together, and ledgers. */
async function cost<T>(
  operation: () => Promise<T>,
): Promise<readonly [T, { storage: number; ledger: number }]> {
  counted.reset()
  const result = await operation()
  const { d1, kv, ledger } = counted.counts
  return [result, { storage: d1 + kv, ledger }]
}

const FREE = { storage: 0, ledger: 0 }
const ONE_HOP = { storage: 0, ledger: 1 }

describe('budgets on a warm isolate (design section 9)', () => {
  let client: TestClient

  beforeAll(async () => {
    client = await registerClient(deployment, { access_token_strategy: 'jwt' })
    await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
    await deployment.fetch('/.well-known/jwks.json')
  })

  it.each(['/.well-known/openid-configuration', '/.well-known/jwks.json', '/health/alive'])(
    '%s: nothing',
    async (path) => {
      const [response, spent] = await cost(() => deployment.fetch(path))
      expect([response.status, spent]).toEqual([200, FREE])
    },
  )

  it('a login, a refresh, an introspection and a revocation', async () => {
    const browser = new Browser(deployment)
    const app = new LoginApp(deployment)
    const [atLogin, start] = await cost(() => browser.next(authorizationPath(client)))
    expect(start).toEqual(FREE)
    const challenge = parameter(atLogin, 'login_challenge')
    const body = { subject: 'budget', remember: true }
    const [afterLogin, accept] = await cost(() => app.decide('login', 'accept', challenge, body))
    expect(accept).toEqual(ONE_HOP)
    const [atConsent, login] = await cost(() => browser.next(afterLogin))
    expect(login).toEqual({ storage: 0, ledger: 2 })
    const consent = { grant_scope: ['openid', 'offline_access'], remember: true }
    const consentChallenge = parameter(atConsent, 'consent_challenge')
    const [afterConsent, accepted] = await cost(() =>
      app.decide('consent', 'accept', consentChallenge, consent),
    )
    expect(accepted).toEqual(FREE)
    const [callback, granted] = await cost(() => browser.next(afterConsent))
    expect(granted).toEqual(ONE_HOP)
    const [issued, redeemed] = await cost(() => redeem(deployment, client, parameter(callback, 'code')))
    expect([issued.status, redeemed]).toEqual([200, ONE_HOP])
    const tokens = await issued.json<{ access_token: string; refresh_token: string }>()
    const [again, refreshed] = await cost(() => refresh(deployment, client, tokens.refresh_token))
    expect([again.status, refreshed]).toEqual([200, ONE_HOP])
    const { access_token } = await again.json<{ access_token: string }>()
    const [active, introspected] = await cost(() => deployment.introspect(access_token))
    expect([active['active'], introspected]).toEqual([true, ONE_HOP])
    const headers = { authorization: `Bearer ${access_token}` }
    const [info, told] = await cost(() => deployment.fetch('/userinfo', { headers }))
    expect([info.status, told]).toEqual([200, ONE_HOP])
    const [, known] = await cost(() => browser.next(authorizationPath(client)))
    expect(known).toEqual(ONE_HOP)
    const [gone, revoked] = await cost(() => revoke(deployment, client, access_token))
    expect([gone.status, revoked]).toEqual([200, ONE_HOP])
  })

  it('a logout with a hint: one hop to begin, one to end the session, and nothing between', async () => {
    const own = await registerClient(deployment, { post_logout_redirect_uris: ['https://app.example/bye'] })
    const browser = new Browser(deployment)
    const app = new LoginApp(deployment)
    const { id_token } = await logIn(deployment, own, { browser, login: { remember: true } })
    const hint = { id_token_hint: id_token, post_logout_redirect_uri: 'https://app.example/bye' }
    const path = `/oauth2/sessions/logout?${new URLSearchParams(hint)}`
    const [page, begun] = await cost(() => browser.next(path))
    expect(begun).toEqual(ONE_HOP)
    const challenge = parameter(page, 'logout_challenge')
    const [, shown] = await cost(() => app.get('logout', challenge))
    expect(shown).toEqual(FREE)
    const [last, accepted] = await cost(() => app.decide('logout', 'accept', challenge))
    expect(accepted).toEqual(FREE)
    const [bye, ended] = await cost(() => browser.next(last))
    expect([bye.href, ended]).toEqual(['https://app.example/bye', ONE_HOP])
  })

  it('a device: one hop to begin, for a typed code and for a poll, two for its tokens', async () => {
    const own = await registerDeviceClient(deployment)
    const [device, begun] = await cost(() => startDevice(deployment, own))
    expect(begun).toEqual(ONE_HOP)
    const [pending, asked] = await cost(() => poll(deployment, own, device))
    expect([pending.status, asked]).toEqual([400, ONE_HOP])
    const browser = new Browser(deployment)
    const [afterCode, typed] = await cost(() => enterCode(deployment, browser, device.user_code))
    expect(typed).toEqual(ONE_HOP)
    const [, started] = await cost(() => browser.next(afterCode))
    expect(started).toEqual(ONE_HOP)
    const lastHop = await toLastHop(deployment, device, { browser })
    const [done, approved] = await cost(() => browser.visit(lastHop))
    expect([done.status, approved]).toEqual([302, { storage: 0, ledger: 2 }])
    const [issued, redeemed] = await cost(() => poll(deployment, own, device))
    expect([issued.status, redeemed]).toEqual([200, { storage: 0, ledger: 2 }])
  })

  it.each(['opaque', 'jwt'])(
    'client_credentials, %s: nothing; its introspection and revocation: one hop',
    async (strategy) => {
      const own = await registerClient(deployment, { access_token_strategy: strategy })
      await tokenRequest(deployment, own, { grant_type: 'client_credentials' })
      const request = { grant_type: 'client_credentials', scope: 'api.read' }
      const [response, issued] = await cost(() => tokenRequest(deployment, own, request))
      expect([response.status, issued]).toEqual([200, FREE])
      const { access_token } = await response.json<{ access_token: string }>()
      const [active, introspected] = await cost(() => deployment.introspect(access_token))
      expect([active['active'], introspected]).toEqual([true, ONE_HOP])
      const [gone, revoked] = await cost(() => revoke(deployment, own, access_token))
      expect([gone.status, revoked]).toEqual([200, ONE_HOP])
      expect(await deployment.introspect(access_token)).toEqual({ active: false })
    },
  )
})

describe('copies that are due to be asked about', () => {
  it('cost one question to the feed, for which no request waits', async () => {
    const gate = Promise.withResolvers<void>()
    let [asked, isGated] = [0, false]
    const gated = varyLedger(testEnv({ GRANTS_BOOK: 'off' }), {
      changeTags: async (input, real) => {
        asked += 1
        if (isGated) await gate.promise
        return real(input)
      },
    })
    const { env, counts, reset } = countCalls(gated)
    const aged = new Deployment(env)
    const client = await registerClient(aged, { access_token_strategy: 'jwt' })
    const request = { grant_type: 'client_credentials' }
    await tokenRequest(aged, client, request)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 50_000 })
    reset()
    isGated = true
    asked = 0
    const headers = { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` }
    for (let turn = 0; turn < 3; turn += 1) {
      const posted = new Request(`${ISSUER}/oauth2/token`, {
        method: 'POST',
        headers,
        body: new URLSearchParams(request),
      })
      expect((await publicApp().fetch(posted, env, createExecutionContext())).status).toBe(200)
    }
    expect([asked, counts]).toEqual([1, { d1: 0, kv: 0, ledger: 1 }])
    gate.resolve()
    vi.useRealTimers()
  })
})

describe('forged values read no storage', () => {
  const forged = `ory_at_${'A'.repeat(42)}.${'B'.repeat(120)}`
  let client: TestClient
  let deviceClient: TestClient

  beforeAll(async () => {
    client = await registerClient(deployment)
    deviceClient = await registerDeviceClient(deployment)
    await poll(deployment, deviceClient, { device_code: 'x' })
    await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
  })

  const key = { authorization: `Bearer ${ADMIN_KEY}` }
  const cases: readonly [string, () => Promise<Response>, number, string][] = [
    [
      'introspect',
      () => deployment.form('/admin/oauth2/introspect', { token: forged }, key),
      200,
      '"active":false',
    ],
    [
      'introspect a short token',
      () => deployment.form('/admin/oauth2/introspect', { token: 'x' }, key),
      200,
      'false',
    ],
    [
      'introspect a foreign JWT',
      () => deployment.form('/admin/oauth2/introspect', { token: 'e30.e30.c2ln' }, key),
      200,
      'false',
    ],
    [
      'userinfo',
      () => deployment.fetch('/userinfo', { headers: { authorization: `Bearer ${forged}` } }),
      401,
      'request_unauthorized',
    ],
    ['revoke', () => revoke(deployment, client, forged), 200, ''],
    ['a code', () => redeem(deployment, client, 'ory_ac_forged.forged'), 400, 'invalid_grant'],
    ['a refresh token', () => refresh(deployment, client, `ory_rt_${forged.slice(7)}`), 400, 'invalid_grant'],
    ['a login challenge', () => new LoginApp(deployment).get('login', forged), 404, 'Not Found'],
    ['a consent challenge', () => new LoginApp(deployment).get('consent', 'x'), 404, 'Not Found'],
    [
      'a login verifier',
      () => deployment.fetch(`/oauth2/auth?client_id=${client.id}&login_verifier=${forged}`),
      302,
      '',
    ],
    [
      'a consent verifier',
      () => deployment.fetch(`/oauth2/auth?client_id=${client.id}&consent_verifier=x.y`),
      302,
      '',
    ],
    [
      'a device verifier',
      () => deployment.fetch(`/oauth2/device/verify?client_id=${client.id}&device_verifier=${forged}`),
      403,
      'access_denied',
    ],
    [
      'a device challenge',
      () =>
        deployment.admin('PUT', '/admin/oauth2/auth/requests/device/accept?device_challenge=x', {
          user_code: 'ABC',
        }),
      404,
      'Not Found',
    ],
    [
      'a device code',
      () => poll(deployment, deviceClient, { device_code: `ory_dc_${forged.slice(7)}` }),
      400,
      'invalid_grant',
    ],
    ['a page token', () => deployment.admin('GET', '/admin/clients?page_token=forged'), 400, 'page_token'],
  ]

  it.each(cases)('%s', async (_name, request, status, text) => {
    const [response, spent] = await cost(request)
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(text)
    expect(spent).toEqual(FREE)
  })
})
