import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
  type Tokens,
} from '../support/relying-party.ts'

const HOUR = 3600
const DAY = 86_400

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Math.ceil(Date.now() / 1000) * 1000 })
})
afterEach(() => {
  vi.useRealTimers()
})

const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)
const now = () => Math.floor(Date.now() / 1000)

/** Whether the browser's session answers a request: what the login app is told, and what `prompt=none` gets. */
async function recognised(
  deployment: Deployment,
  client: TestClient,
  browser: Browser,
): Promise<readonly unknown[]> {
  const at = await browser.next(authorizationPath(client))
  const { skip } = await bodyOf(await new LoginApp(deployment).get('login', parameter(at, 'login_challenge')))
  const silent = await browser.next(authorizationPath(client, { prompt: 'none' }))
  return [skip, parameter(silent, 'error')]
}
const KNOWN = [true, '']
const UNKNOWN = [false, 'login_required']

describe('a session with TTL_AUTHENTICATION_SESSION_IDLE', () => {
  const deployment = new Deployment(testEnv({ TTL_AUTHENTICATION_SESSION_IDLE: '1h' }))
  const login = { remember: true, remember_for: 30 * DAY }

  it('lasts as long as it is used, and ends an hour after its last use', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login })
    for (let use = 0; use < 3; use += 1) {
      pass(HOUR - 1)
      await authorizeAt(deployment, client, { browser })
    }
    pass(HOUR - 1)
    expect(await recognised(deployment, client, browser)).toEqual(KNOWN)
    pass(1)
    expect(await recognised(deployment, client, browser)).toEqual(UNKNOWN)
  })

  it('is not used by a request that did not get as far as its login', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login })
    pass(HOUR - 60)
    const at = await browser.next(authorizationPath(client))
    const challenge = parameter(at, 'login_challenge')
    const verifier = await new LoginApp(deployment).decide('login', 'accept', challenge, { subject: 'alice' })
    pass(60)
    // The app took too long: the browser starts again, and is asked.
    const again = await browser.next(verifier)
    expect(parameter(again, 'consent_challenge')).toBe('')
    expect(await recognised(deployment, client, browser)).toEqual(UNKNOWN)
  })

  it('can be logged out of when it is idle, and its clients are told then', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const { id_token } = await logIn(deployment, client, { browser, login })
    pass(2 * HOUR)
    const page = await browser.next(`/oauth2/sessions/logout?id_token_hint=${id_token}`)
    expect(parameter(page, 'logout_challenge')).not.toBe('')
  })
})

describe('a session with TTL_AUTHENTICATION_SESSION_ABSOLUTE', () => {
  const deployment = new Deployment(testEnv({ TTL_AUTHENTICATION_SESSION_ABSOLUTE: '2h' }))

  it.each([
    ['remembered for ever', { remember: true, remember_for: 0 }],
    ['remembered for a month', { remember: true, remember_for: 30 * DAY }],
  ])('ends two hours after the login, however it is extended: %s', async (_name, login) => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login })
    pass(HOUR)
    const extended = { ...login, extend_session_lifespan: true }
    await authorizeAt(deployment, client, { browser, login: extended })
    pass(HOUR - 1)
    expect(await recognised(deployment, client, browser)).toEqual(KNOWN)
    pass(1)
    expect(await recognised(deployment, client, browser)).toEqual(UNKNOWN)
    await authorizeAt(deployment, client, { browser, login })
    expect(await recognised(deployment, client, browser)).toEqual(KNOWN)
  })

  it('counts from when the user authenticated, as the login app says', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
    const login = { remember: true, authenticated_at: ago(HOUR) }
    await authorizeAt(deployment, client, { browser, login })
    expect(await recognised(deployment, client, browser)).toEqual(KNOWN)
    pass(HOUR)
    expect(await recognised(deployment, client, browser)).toEqual(UNKNOWN)
    await authorizeAt(deployment, client, { browser, login: { ...login, authenticated_at: ago(3 * HOUR) } })
    expect(await recognised(deployment, client, browser)).toEqual(UNKNOWN)
  })

  it('ends a session that began before the setting', async () => {
    const before = new Deployment(testEnv())
    const client = await registerClient(before)
    const browser = new Browser(before)
    await authorizeAt(before, client, { browser, login: { remember: true } })
    pass(2 * HOUR)
    expect(await recognised(before, client, browser)).toEqual(KNOWN)
    const after = new Browser(deployment)
    for (const [name, value] of browser.cookies) after.cookies.set(name, value)
    expect(await recognised(deployment, client, after)).toEqual(UNKNOWN)
  })
})

describe('a session at a client with limits of its own', () => {
  const unlimited = new Deployment(testEnv())
  const limited = new Deployment(
    testEnv({ TTL_AUTHENTICATION_SESSION_IDLE: '1h', TTL_AUTHENTICATION_SESSION_ABSOLUTE: '1h' }),
  )
  const login = { remember: true, remember_for: 30 * DAY }

  it.each([
    ['absolute, no setting', unlimited, { session_absolute_lifespan: '30m' }, HOUR / 2],
    ['absolute, smaller', limited, { session_absolute_lifespan: '30m' }, HOUR / 2],
    ['absolute, greater', limited, { session_absolute_lifespan: '2h' }, HOUR],
    ['idle, no setting', unlimited, { session_idle_lifespan: '30m' }, HOUR / 2],
    ['idle, smaller', limited, { session_idle_lifespan: '30m' }, HOUR / 2],
    ['idle, greater', limited, { session_idle_lifespan: '2h' }, HOUR],
    ['none of its own', limited, { session_idle_lifespan: '-1s', session_absolute_lifespan: '-1s' }, HOUR],
  ])('lasts there as long as the smaller says: %s', async (_name, deployment, limits, lasts) => {
    const client = await registerClient(deployment, limits)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login })
    pass(lasts - 1)
    expect(await recognised(deployment, client, browser)).toEqual(KNOWN)
    pass(1)
    expect(await recognised(deployment, client, browser)).toEqual(UNKNOWN)
  })

  it('goes on at other clients, and there too once the user has logged in again', async () => {
    const strict = await registerClient(unlimited, { session_absolute_lifespan: '30m' })
    const other = await registerClient(unlimited)
    const browser = new Browser(unlimited)
    const tokens = await logIn(unlimited, other, { browser, login })
    pass(HOUR)
    expect(await recognised(unlimited, strict, browser)).toEqual(UNKNOWN)
    expect(await recognised(unlimited, other, browser)).toEqual(KNOWN)
    await authorizeAt(unlimited, strict, { browser, login })
    expect(await recognised(unlimited, strict, browser)).toEqual(KNOWN)
    expect(await recognised(unlimited, other, browser)).toEqual(KNOWN)
    expect((await unlimited.introspect(tokens.refresh_token))['active']).toBe(true)
  })

  it('is not used by a request that did not get as far as its login, and does not end by it', async () => {
    const strict = await registerClient(unlimited, { session_absolute_lifespan: '30m' })
    const other = await registerClient(unlimited)
    const browser = new Browser(unlimited)
    await authorizeAt(unlimited, other, { browser, login })
    pass(HOUR / 2 - 60)
    const challenge = parameter(await browser.next(authorizationPath(strict)), 'login_challenge')
    const verifier = await new LoginApp(unlimited).decide('login', 'accept', challenge, { subject: 'alice' })
    pass(60)
    expect(parameter(await browser.next(verifier), 'consent_challenge')).toBe('')
    expect(await recognised(unlimited, strict, browser)).toEqual(UNKNOWN)
    expect(await recognised(unlimited, other, browser)).toEqual(KNOWN)
  })
})

describe('a family of refresh tokens', () => {
  const unlimited = new Deployment(testEnv())
  const limited = new Deployment(testEnv({ TTL_REFRESH_TOKEN_FAMILY: '2h' }))
  const refreshed = async (deployment: Deployment, client: TestClient, token: string): Promise<Tokens> => {
    const answer = await refresh(deployment, client, token)
    expect(answer.status).toBe(200)
    return answer.json<Tokens>()
  }
  const refused = async (deployment: Deployment, client: TestClient, token: string) => {
    const answer = await refresh(deployment, client, token)
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_grant'])
    expect(await deployment.introspect(token)).toEqual({ active: false })
  }

  it('ends two hours after the consent, however often it is refreshed, and shows it', async () => {
    const client = await registerClient(limited)
    const started = now()
    let tokens = await logIn(limited, client)
    for (let round = 0; round < 3; round += 1) {
      const exp = (await limited.introspect(tokens.refresh_token))['exp']
      expect(exp).toBe(started + 2 * HOUR)
      pass(HOUR / 2)
      tokens = await refreshed(limited, client, tokens.refresh_token)
    }
    pass(HOUR / 4)
    const last = await refreshed(limited, client, tokens.refresh_token)
    // Within the grace period the same successor, with the same ends.
    const again = await refreshed(limited, client, tokens.refresh_token)
    for (const { access_token, refresh_token, expires_in } of [last, again]) {
      expect(expires_in).toBe(HOUR / 4)
      for (const token of [access_token, refresh_token])
        expect(await limited.introspect(token)).toMatchObject({ active: true, exp: started + 2 * HOUR })
    }
    pass(HOUR / 4 - 1)
    expect(await limited.introspect(last.access_token)).toMatchObject({ active: true })
    pass(1)
    for (const { refresh_token } of [tokens, last]) await refused(limited, client, refresh_token)
    expect(await limited.introspect(last.access_token)).toEqual({ active: false })
  })

  it('has no end without the setting but that of its unused tokens', async () => {
    const client = await registerClient(unlimited)
    let tokens = await logIn(unlimited, client)
    for (let round = 0; round < 3; round += 1) {
      pass(20 * DAY)
      tokens = await refreshed(unlimited, client, tokens.refresh_token)
    }
    expect((await unlimited.introspect(tokens.refresh_token))['exp']).toBe(now() + 30 * DAY)
  })

  it.each([
    ['shorter', '30m', HOUR / 2],
    ['longer', '4h', 4 * HOUR],
    ['none', '-1s', 30 * DAY],
  ])('of a client with a limit of its own, %s, counts by that', async (_name, lifespan, seconds) => {
    const client = await registerClient(limited, { refresh_token_family_lifespan: lifespan })
    const { refresh_token } = await logIn(limited, client)
    expect((await limited.introspect(refresh_token))['exp']).toBe(now() + seconds)
  })

  it('that is older than a limit that came later ends at once', async () => {
    const client = await registerClient(unlimited)
    const tokens = await logIn(unlimited, client)
    const started = now()
    pass(HOUR)
    expect((await limited.introspect(tokens.refresh_token))['exp']).toBe(started + 2 * HOUR)
    pass(HOUR)
    await refused(limited, client, tokens.refresh_token)
    // Nothing was spent by the refusal.
    expect((await unlimited.introspect(tokens.refresh_token))['active']).toBe(true)
    await refreshed(unlimited, client, tokens.refresh_token)
  })

  it('is none for a grant that cannot be refreshed', async () => {
    const short = new Deployment(testEnv({ TTL_REFRESH_TOKEN_FAMILY: '5m' }))
    const client = await registerClient(short)
    const { expires_in } = await logIn(short, client, { request: { scope: 'openid' } })
    expect(expires_in).toBe(HOUR)
  })

  it('is not used up by a code that comes after its end', async () => {
    const short = new Deployment(testEnv({ TTL_REFRESH_TOKEN_FAMILY: '1m' }))
    const client = await registerClient(short)
    const at = await authorizeAt(short, client)
    pass(61)
    const answer = await redeem(short, client, parameter(at, 'code'))
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_grant'])
  })
})

const LIMITS = ['refresh_token_family_lifespan', 'session_idle_lifespan', 'session_absolute_lifespan']

describe.each(LIMITS)('the limit of a client: %s', (field) => {
  const deployment = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))

  it('is shown to admins, and stays when the lifespans are set', async () => {
    const client = await registerClient(deployment, { [field]: '12h' })
    const path = `/admin/clients/${client.id}`
    const lifespans = { refresh_token_grant_access_token_lifespan: '5m' }
    const set = await bodyOf(await deployment.admin('PUT', `${path}/lifespans`, lifespans))
    expect(set[field]).toBe('12h')
    expect((await bodyOf(await deployment.admin('GET', path)))[field]).toBe('12h')
  })

  it.each(['x', '0s', 3600])('is no %j', async (value) => {
    const answer = await deployment.admin('POST', '/admin/clients', { [field]: value })
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_client_metadata'])
  })

  it('is nothing that a client sets itself', async () => {
    const answer = await deployment.fetch('/oauth2/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['https://app.example/cb'], [field]: '9000h' }),
    })
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_request'])
  })
})
