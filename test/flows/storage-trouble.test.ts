import { describe, expect, it, vi } from 'vitest'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { withHanging, withOutage } from '../support/outage.ts'
import {
  authorizeAt,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  tokenRequest,
} from '../support/relying-party.ts'

describe('D1 and KV down (design section 8)', () => {
  it('with warm copies token, introspect, userinfo and revoke go on; admin and cold isolates answer 503', async () => {
    const outage = withOutage(testEnv())
    const deployment = new Deployment(outage.env)
    const client = await registerClient(deployment)
    await logIn(deployment, client)
    outage.down = true
    const tokens = await logIn(deployment, client)
    expect(await deployment.introspect(tokens.access_token)).toMatchObject({ active: true })
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    expect((await deployment.fetch('/userinfo', { headers })).status).toBe(200)
    expect((await refresh(deployment, client, tokens.refresh_token)).status).toBe(200)
    expect((await revoke(deployment, client, tokens.access_token)).status).toBe(200)
    expect((await deployment.admin('GET', `/admin/clients/${client.id}`)).status).toBe(503)
    const cold = await tokenRequest(new Deployment({ ...outage.env }), client, {
      grant_type: 'client_credentials',
    })
    expect([cold.status, (await bodyOf(cold))['error']]).toEqual([503, 'temporarily_unavailable'])
    expect((await deployment.fetch('/health/ready')).status).toBe(503)
  })

  it('a system secret that does not open the root keys is no server that is ready', async () => {
    expect((await new Deployment().fetch('/health/ready')).status).toBe(200)
    const env = testEnv({ SECRETS_SYSTEM: 'another-system-secret-of-32-characters' })
    const response = await new Deployment(env).fetch('/health/ready')
    expect(response.status).toBe(503)
    expect((await bodyOf(response))['error_description']).toContain('SECRETS_SYSTEM must list the secret')
  })

  it('a wrong secret is not called wrong before the source said so', async () => {
    const outage = withOutage(testEnv())
    const deployment = new Deployment(outage.env)
    const client = await registerClient(deployment)
    outage.down = true
    const answer = await tokenRequest(
      deployment,
      { ...client, secret: 'perhaps-new' },
      { grant_type: 'client_credentials' },
    )
    expect(answer.status).toBe(503)
  })
})

describe('D1 or KV silent (design section 8)', () => {
  it.each([
    ['D1', ['d1']],
    ['KV', ['kv']],
    ['D1 and KV', ['d1', 'kv']],
  ] as const)('with %s silent no warm request waits', async (_name, silent) => {
    const hanging = withHanging(testEnv({ DEADLINE_CACHED: '1s', DEADLINE_STORAGE: '5s' }))
    const deployment = new Deployment(hanging.env)
    const client = await registerClient(deployment)
    const { access_token } = await logIn(deployment, client)
    const bearer = { authorization: `Bearer ${access_token}` }
    const request = (): Promise<Response> =>
      tokenRequest(deployment, client, { grant_type: 'client_credentials' })
    const own = String((await bodyOf(await request()))['access_token'])
    for (const kind of silent) hanging[kind] = true
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
    for (let second = 0; second < 130; second += 1) {
      await vi.advanceTimersByTimeAsync(1000)
      // The clock stands still meanwhile, so what waited for a deadline would not come back.
      expect((await request()).status).toBe(200)
      expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
      expect((await deployment.fetch('/userinfo', { headers: bearer })).status).toBe(200)
      expect((await revoke(deployment, client, own)).status).toBe(200)
    }
    vi.useRealTimers()
    expect(hanging.calls.d1 + hanging.calls.kv).toBeGreaterThan(0)
  })

  it('admin and cold isolates answer 503 when the time is over, and the next at once', async () => {
    const hanging = withHanging(testEnv({ DEADLINE_CACHED: '100ms', DEADLINE_STORAGE: '200ms' }))
    const deployment = new Deployment(hanging.env)
    const client = await registerClient(deployment)
    const cold = new Deployment({ ...hanging.env })
    hanging.d1 = true
    hanging.kv = true
    expect((await deployment.admin('GET', `/admin/clients/${client.id}`)).status).toBe(503)
    expect((await deployment.admin('GET', '/admin/clients')).status).toBe(503)
    const refused = async () => {
      const answer = await tokenRequest(cold, client, { grant_type: 'client_credentials' })
      return [answer.status, (await bodyOf(answer))['error'], answer.headers.get('retry-after')]
    }
    const unavailable = [503, 'temporarily_unavailable', '1']
    expect(await refused()).toEqual(unavailable)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    expect(await refused()).toEqual(unavailable)
    vi.useRealTimers()
    hanging.d1 = false
    hanging.kv = false
    await vi.waitFor(async () => expect((await refused())[0]).toBe(200), 5000)
    expect((await deployment.admin('GET', `/admin/clients/${client.id}`)).status).toBe(200)
  })

  it('a write that nobody answered is told as unknown, and may be repeated', async () => {
    const hanging = withHanging(testEnv({ DEADLINE_STORAGE: '100ms' }))
    const deployment = new Deployment(hanging.env)
    await registerClient(deployment)
    hanging.d1 = true
    const create = (): Promise<Response> =>
      deployment.admin('POST', '/admin/clients', { client_id: 'written' })
    expect((await create()).status).toBe(503)
    hanging.d1 = false
    expect([201, 409]).toContain((await create()).status)
  })

  it('readiness is asked once in three seconds, by any number at once, and names what is silent', async () => {
    const hanging = withHanging(testEnv({ DEADLINE_CACHED: '100ms', DEADLINE_STORAGE: '200ms' }))
    const deployment = new Deployment(hanging.env)
    vi.useFakeTimers({ toFake: ['Date'] })
    const ready = async () => (await deployment.fetch('/health/ready')).status
    const statuses = await Promise.all(Array.from({ length: 20 }, ready))
    expect(new Set(statuses)).toEqual(new Set([200]))
    const asked = { ...hanging.calls }
    hanging.d1 = true
    hanging.kv = true
    expect(await ready()).toBe(200)
    expect(hanging.calls).toEqual(asked)
    vi.setSystemTime(Date.now() + 3000)
    const answer = await deployment.fetch('/health/ready')
    expect([answer.status, (await bodyOf(answer))['errors']]).toEqual([
      503,
      { d1: 'does not answer', kv: 'does not answer' },
    ])
    vi.useRealTimers()
  })
})

describe('clients that change', () => {
  it("a deleted and re-created client does not honour the old one's tokens", async () => {
    const deployment = new Deployment()
    const client = await registerClient(deployment, { client_id: 'phoenix', client_secret: 'first-secret' })
    const tokens = await logIn(deployment, client)
    const elsewhere = new Deployment(testEnv())
    expect(await elsewhere.introspect(tokens.access_token)).toMatchObject({ active: true })
    await deployment.admin('DELETE', '/admin/clients/phoenix')
    expect(await deployment.introspect(tokens.access_token)).toEqual({ active: false })
    const reborn = await registerClient(deployment, { client_id: 'phoenix', client_secret: 'second-secret' })
    expect(await deployment.introspect(tokens.access_token)).toEqual({ active: false })
    const refused = await refresh(deployment, reborn, tokens.refresh_token)
    expect([refused.status, (await bodyOf(refused))['error']]).toEqual([400, 'invalid_grant'])
  })

  it('a new secret and a new redirect URI work at once everywhere, also where an old copy is warm', async () => {
    const deployment = new Deployment()
    const elsewhere = new Deployment(testEnv())
    const client = await registerClient(deployment)
    expect((await tokenRequest(elsewhere, client, { grant_type: 'client_credentials' })).status).toBe(200)
    const patch = [
      { op: 'replace', path: '/client_secret', value: 'the-second-secret' },
      { op: 'add', path: '/redirect_uris/-', value: 'https://app.example/new' },
    ]
    expect((await deployment.admin('PATCH', `/admin/clients/${client.id}`, patch)).status).toBe(200)
    const changed = { ...client, secret: 'the-second-secret' }
    expect((await tokenRequest(elsewhere, changed, { grant_type: 'client_credentials' })).status).toBe(200)
    const browser = new Browser(elsewhere)
    const request = { redirect_uri: 'https://app.example/new' }
    const callback = await authorizeAt(elsewhere, changed, { browser, request })
    expect(parameter(callback, 'code')).toMatch(/^ory_ac_/)
    const lost = await bodyOf(await redeem(elsewhere, changed, parameter(callback, 'code')))
    expect(lost['error']).toBe('invalid_grant')
  })
})
