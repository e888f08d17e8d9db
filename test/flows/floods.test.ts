import { beforeEach, describe, expect, it } from 'vitest'
import { ADMIN_KEY, Browser, Deployment, testEnv } from '../support/deployment.ts'
import { endpoints } from '../support/endpoints.ts'
import { LogLines } from '../support/log-lines.ts'
import { authorizationPath, registerClient, type TestClient } from '../support/relying-party.ts'

const log = new LogLines()

/** A rate-limit binding that lets each key pass so often, and never again. */
function limiter(limit: number): RateLimit & { readonly counts: Map<string, number> } {
  const counts = new Map<string, number>()
  return {
    counts,
    limit: async ({ key }) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return { success: count <= limit }
    },
  }
}

const BINDINGS = ['BROWSER', 'CLIENT', 'DEVICE', 'REGISTRATION', 'USER_CODE', 'API_KEY'] as const
const limiters = (limit: number) =>
  Object.fromEntries(BINDINGS.map((name) => [`LIMIT_${name}`, limiter(limit)]))

const SETTINGS = { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }
const from = (address: string): Record<string, string> => ({ 'cf-connecting-ip': address })
const HERE = '192.0.2.1'
const ELSEWHERE = '192.0.2.2'

/** A request of each class, as a stranger may send it. */
const REQUESTS = {
  browser: ['GET', '/oauth2/auth?client_id=nobody'],
  client: ['POST', '/oauth2/token', 'grant_type=client_credentials&client_id=nobody&client_secret=x'],
  device: ['POST', '/oauth2/device/auth', 'client_id=nobody'],
  registration: ['POST', '/oauth2/register', '{"redirect_uris":5}'],
  api_key: ['GET', '/admin/clients'],
} as const

function ask(
  deployment: Deployment,
  name: keyof typeof REQUESTS,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const [method, path, body] = REQUESTS[name]
  const type = body?.startsWith('{') ? 'application/json' : 'application/x-www-form-urlencoded'
  return deployment.fetch(path, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body }),
  })
}

describe.each(Object.keys(REQUESTS) as readonly (keyof typeof REQUESTS)[])('floods of class %s', (name) => {
  it('get 429 with Retry-After, a JSON error and a log line; other networks do not', async () => {
    const deployment = new Deployment(testEnv({ ...SETTINGS, ...limiters(2) }))
    const first = await ask(deployment, name, from(HERE))
    expect(first.status).not.toBe(429)
    expect((await ask(deployment, name, from(HERE))).status).toBe(first.status)
    const refused = await ask(deployment, name, from(HERE))
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.headers.get('cache-control')).toContain('no-store')
    expect(await refused.json()).toEqual({
      error: 'too_many_requests',
      error_description: expect.stringMatching(/class '\w+' came from this network\. Wait \d+ seconds/),
    })
    expect(log.last('request')).toMatchObject({
      status: 429,
      error: 'too_many_requests',
      reason: 'flooded',
      facts: [`limit=${name}`, expect.stringMatching(/^seconds=[16]0$/)],
    })
    expect((await ask(deployment, name, from(ELSEWHERE))).status).toBe(first.status)
  })

  it('are not counted where the class is switched off', async () => {
    const deployment = new Deployment(testEnv({ ...SETTINGS, ...limiters(0), LIMITS_OFF: name }))
    expect((await ask(deployment, name, from(HERE))).status).not.toBe(429)
  })

  it('are counted by the /64 of an IPv6 address', async () => {
    const deployment = new Deployment(testEnv({ ...SETTINGS, ...limiters(1) }))
    const statuses = []
    for (const address of ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', '2001:db8:0:2::1'])
      statuses.push((await ask(deployment, name, from(address))).status === 429)
    expect(statuses).toEqual([false, true, false])
  })

  it.each([{}, from('127.0.0.1')])(
    'are not counted without an address of the network: %j',
    async (headers) => {
      const deployment = new Deployment(testEnv({ ...SETTINGS, ...limiters(0) }))
      expect((await ask(deployment, name, headers)).status).not.toBe(429)
    },
  )

  it.each([
    ['throws', () => Promise.reject(new Error('out of order'))],
    ['is silent', () => new Promise<never>(() => undefined)],
  ])('refuse nobody when the binding %s, and it is asked no more for a while', async (_how, limit) => {
    let asked = 0
    const broken = {
      limit: () => {
        asked += 1
        return limit()
      },
    }
    const bindings = Object.fromEntries(BINDINGS.map((binding) => [`LIMIT_${binding}`, broken]))
    const deployment = new Deployment(testEnv({ ...SETTINGS, ...bindings }))
    for (let at = 0; at < 3; at += 1) expect((await ask(deployment, name, from(HERE))).status).not.toBe(429)
    expect(asked).toBe(1)
    expect(log.of('limits.failed')).toEqual([{ kind: 'limits.failed', limit: name }])
  })
})

describe('without the bindings', () => {
  it('everything works, after one warning', async () => {
    const none = Object.fromEntries(BINDINGS.map((name) => [`LIMIT_${name}`, undefined]))
    const deployment = new Deployment(testEnv({ ...SETTINGS, ...none, LIMITS_OFF: 'device' }))
    for (const name of ['browser', 'client', 'registration', 'api_key'] as const)
      expect((await ask(deployment, name, from(HERE))).status).not.toBe(429)
    expect(log.of('limits.unbound')).toEqual([
      {
        kind: 'limits.unbound',
        bindings: BINDINGS.filter((name) => name !== 'DEVICE').map((name) => `LIMIT_${name}`),
      },
    ])
  })
})

describe('a refused browser', () => {
  it('is shown a page, which says when to load it again', async () => {
    const deployment = new Deployment(testEnv(limiters(0)))
    const headers = { ...from(HERE), accept: 'text/html,application/xhtml+xml' }
    const response = await deployment.fetch('/oauth2/auth?client_id=nobody', { headers })
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '10'])
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(await response.text()).toContain('Too many requests')
    expect(log.last('request')).toMatchObject({ reason: 'flooded', status: 429 })
  })
})

describe('a flood costs nothing but its count', () => {
  let client: TestClient
  let deployment: Deployment

  beforeEach(async () => {
    deployment = new Deployment(testEnv({ ...SETTINGS, ...limiters(0) }))
    client = await registerClient(deployment)
  })

  it('no flow begins, no body is read', async () => {
    const browser = new Browser(deployment)
    const response = await browser.visit(authorizationPath(client), { headers: from(HERE) })
    expect([response.status, browser.cookies.size]).toEqual([429, 0])
  })

  it('and a right API key is never counted', async () => {
    const headers = { authorization: `Bearer ${ADMIN_KEY}`, ...from(HERE) }
    for (const path of ['/admin/clients', '/admin/version', '/clients'])
      expect((await deployment.fetch(path, { headers })).status).toBe(200)
    const body = new URLSearchParams({ token: 'x' })
    const init = { method: 'POST', headers, body }
    for (const path of ['/admin/oauth2/introspect', '/oauth2/introspect'])
      expect((await deployment.fetch(path, init)).status).toBe(200)
    const wrong = { ...from(HERE), authorization: 'Bearer a-wrong-key-of-some-length' }
    expect((await deployment.fetch('/admin/clients', { headers: wrong })).status).toBe(429)
  })

  it('introspection by a client is counted like its other requests', async () => {
    const init = {
      method: 'POST',
      headers: from(HERE),
      body: new URLSearchParams({ token: 'x', client_id: client.id, client_secret: client.secret }),
    }
    expect((await deployment.fetch('/oauth2/introspect', init)).status).toBe(429)
  })
})

describe('wrangler.toml', () => {
  it('declares a binding for each class, which counts where it says', async () => {
    const deployment = new Deployment(testEnv(SETTINGS))
    const address = `198.51.100.${Date.now() % 200}`
    const statuses = []
    // Twice the limit, and one: the period may end in between.
    for (let at = 0; at < 121; at += 1)
      statuses.push((await ask(deployment, 'registration', from(address))).status)
    expect(statuses.slice(0, 60)).toEqual(Array(60).fill(400))
    expect(statuses).toContain(429)
    expect((await ask(deployment, 'registration', from(ELSEWHERE))).status).toBe(400)
    expect(log.of('limits.unbound')).toEqual([])
  })
})

describe('the table of endpoints', () => {
  it('limits all but what costs no storage', () => {
    const free = new Set(endpoints.filter(({ rate }) => rate === 'none').map(({ path }) => path))
    expect([...free].filter((path) => !path.startsWith('/oauth2/fallbacks/'))).toEqual([
      '/health/alive',
      '/health/ready',
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server',
      '/.well-known/jwks.json',
      '/oauth2/sessions/check',
    ])
  })
})
