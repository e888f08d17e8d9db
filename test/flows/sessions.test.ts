import { afterEach, describe, expect, it, vi } from 'vitest'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  registerClient,
  revoke,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)

/** Goes to the login app and returns the request it sees. */
async function loginRequest(
  browser: Browser,
  client: TestClient,
  request: Readonly<Record<string, string | undefined>> = {},
): Promise<Record<string, unknown>> {
  const at = await browser.next(authorizationPath(client, request))
  return bodyOf(await app.get('login', parameter(at, 'login_challenge')))
}

/** Accepts a login and returns the consent request that follows. */
async function consentRequest(
  browser: Browser,
  challenge: unknown,
  login: object,
): Promise<Record<string, unknown>> {
  const at = await browser.next(await app.decide('login', 'accept', String(challenge), login))
  return bodyOf(await app.get('consent', parameter(at, 'consent_challenge')))
}

const remembered = { login: { remember: true, remember_for: 3600 }, consent: { remember: true } }

describe('a remembered login (contract 3.3)', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is recognised: skip, subject and session; consent is skipped too when it covers the scopes', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, ...remembered })
    const request = await loginRequest(browser, client)
    expect(request).toMatchObject({ skip: true, subject: 'alice' })
    const consent = await consentRequest(browser, request['challenge'], { subject: 'alice' })
    expect(consent).toMatchObject({ skip: true, subject: 'alice', login_session_id: request['session_id'] })
    const more = await loginRequest(browser, client, { scope: 'openid offline_access profile' })
    expect(await consentRequest(browser, more['challenge'], { subject: 'alice' })).toMatchObject({
      skip: false,
    })
  })

  it.each([
    ['prompt=login', { prompt: 'login' }],
    ['prompt=select_account', { prompt: 'select_account' }],
    ['prompt=create', { prompt: 'create' }],
    ['max_age=0', { max_age: '0' }],
  ])('is asked again with %s', async (_name, request) => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, ...remembered })
    expect(await loginRequest(browser, client, request)).toMatchObject({ skip: false, subject: '' })
  })

  it('is asked again when it is older than max_age, and when it ran out', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, ...remembered })
    vi.setSystemTime(Date.now() + 61_000)
    expect(await loginRequest(browser, client, { max_age: '60' })).toMatchObject({ skip: false })
    expect(await loginRequest(browser, client, { max_age: '120' })).toMatchObject({ skip: true })
    vi.setSystemTime(Date.now() + 3600_000)
    expect(await loginRequest(browser, client)).toMatchObject({ skip: false })
  })

  it('is not recognised when it was not remembered', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser })
    expect(await loginRequest(browser, client)).toMatchObject({ skip: false })
  })

  it('ends by a login that is not remembered, in the same browser', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, ...remembered })
    await authorizeAt(deployment, client, {
      browser,
      request: { prompt: 'login' },
      login: { subject: 'bob' },
    })
    expect(await loginRequest(browser, client)).toMatchObject({ skip: false })
  })

  it('sends another subject through a new login', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, ...remembered })
    const { challenge } = await loginRequest(browser, client)
    const next = await app.decide('login', 'accept', String(challenge), { subject: 'mallory' })
    expect(new URL(next).searchParams.get('prompt')).toBe('login')
    const at = await browser.next(next)
    expect(await bodyOf(await app.get('login', parameter(at, 'login_challenge')))).toMatchObject({
      skip: false,
    })
  })
})

describe('prompt=none', () => {
  it('without a session is login_required, with session and consent succeeds, without consent is consent_required', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const none = { prompt: 'none' }
    const first = await browser.next(authorizationPath(client, none))
    expect(Object.fromEntries(first.searchParams)).toMatchObject({
      error: 'login_required',
      state: 'state-0123456789',
    })
    await authorizeAt(deployment, client, { browser, ...remembered })
    const silent = await authorizeAt(deployment, client, { browser, request: none })
    expect(silent.searchParams.get('code')).toMatch(/^ory_ac_/)
    const other = await registerClient(deployment)
    const denied = await authorizeAt(deployment, other, { browser, request: none })
    expect(denied.searchParams.get('error')).toBe('consent_required')
  })

  it('names the end-user by id_token_hint', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const tokens = await logIn(deployment, client, { browser, ...remembered })
    const other = await logIn(deployment, client, { login: { subject: 'someone-else' } })
    const own = await authorizeAt(deployment, client, {
      browser,
      request: { prompt: 'none', id_token_hint: tokens.id_token },
    })
    expect(own.searchParams.has('code')).toBe(true)
    const foreign = await authorizeAt(deployment, client, {
      browser,
      request: { id_token_hint: other.id_token },
    })
    expect(foreign.searchParams.get('error')).toBe('login_required')
    const forged = await authorizeAt(deployment, client, {
      browser,
      request: { id_token_hint: 'e30.e30.e30' },
    })
    expect(forged.searchParams.get('error')).toBe('invalid_request')
    const fresh = new Browser(deployment)
    const request = await loginRequest(fresh, client, { id_token_hint: tokens.id_token })
    expect(request['oidc_context']).toMatchObject({ id_token_hint_claims: { sub: 'alice' } })
  })
})

describe('browsers repeat themselves (design rule 9)', () => {
  it('the same redirects again give the same answers until the code is redeemed', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const { challenge } = await loginRequest(browser, client)
    const afterLogin = await app.decide('login', 'accept', String(challenge), { subject: 'carol' })
    const once = await browser.next(afterLogin)
    const twice = await browser.next(afterLogin)
    expect(parameter(twice, 'consent_challenge')).toBe(parameter(once, 'consent_challenge'))
    const consentChallenge = parameter(twice, 'consent_challenge')
    const afterConsent = await app.decide('consent', 'accept', consentChallenge, { grant_scope: ['openid'] })
    const codes = [await browser.next(afterConsent), await browser.next(afterConsent)]
    expect(parameter(codes[1] ?? once, 'code')).toBe(parameter(codes[0] ?? once, 'code'))
    const otherwise = await app.decide('consent', 'accept', consentChallenge, { grant_scope: [] })
    expect(parameter(await browser.next(otherwise), 'error')).toBe('access_denied')
  })

  it('an expired challenge and verifier lead to a fresh start', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const { challenge, request_url } = await loginRequest(browser, client)
    const afterLogin = await app.decide('login', 'accept', String(challenge), { subject: 'carol' })
    vi.setSystemTime(Date.now() + 31 * 60_000)
    const gone = await app.get('login', String(challenge))
    expect([gone.status, await bodyOf(gone)]).toEqual([410, { redirect_to: request_url }])
    expect((await browser.next(afterLogin)).href).toBe(request_url)
    vi.useRealTimers()
  })

  it('an ended session does not come back by an old login verifier', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const { challenge, request_url, session_id } = await loginRequest(browser, client)
    const login = { subject: 'dave', remember: true }
    const afterLogin = await app.decide('login', 'accept', String(challenge), login)
    await browser.next(afterLogin)
    const ended = await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?sid=${session_id}`)
    expect(ended.status).toBe(204)
    expect((await browser.next(afterLogin)).href).toBe(request_url)
    expect(await loginRequest(browser, client)).toMatchObject({ skip: false })
  })

  it('another browser cannot finish a flow', async () => {
    const client = await registerClient(deployment)
    const { challenge } = await loginRequest(new Browser(deployment), client)
    const afterLogin = await app.decide('login', 'accept', String(challenge), { subject: 'eve' })
    const callback = await new Browser(deployment).next(afterLogin)
    expect(parameter(callback, 'error')).toBe('request_forbidden')
  })

  it('two tabs of one client and one of another go on side by side', async () => {
    const [one, two] = [await registerClient(deployment), await registerClient(deployment)]
    const browser = new Browser(deployment)
    const requests = [
      await loginRequest(browser, one),
      await loginRequest(browser, one),
      await loginRequest(browser, two),
    ]
    for (const { challenge } of requests) {
      expect(await consentRequest(browser, challenge, { subject: 'frank' })).toMatchObject({
        subject: 'frank',
      })
    }
  })
})

describe('revocation of consents and sessions (contract 1.4.3)', () => {
  const list = async (subject: string): Promise<Record<string, unknown>[]> => {
    const response = await deployment.admin('GET', `/admin/oauth2/auth/sessions/consent?subject=${subject}`)
    expect(response.status).toBe(200)
    return response.json()
  }

  const ways: readonly [string, (client: TestClient, id: string, subject: string) => string][] = [
    ['all', (_client, _id, subject) => `subject=${subject}&all=true`],
    ['by client', (client, _id, subject) => `subject=${subject}&client=${client.id}`],
    ['by consent_request_id', (_client, id) => `consent_request_id=${id}`],
  ]

  it.each(ways)('%s empties the list and kills the tokens', async (name, query) => {
    const client = await registerClient(deployment)
    const subject = `consents-${name.replaceAll(' ', '-')}`
    const tokens = await logIn(deployment, client, { login: { subject }, consent: { remember: true } })
    const [session, ...others] = await list(subject)
    expect(others).toEqual([])
    expect(session).toMatchObject({
      grant_scope: ['openid', 'offline_access'],
      grant_access_token_audience: [],
      remember: true,
      remember_for: 0,
      session: { access_token: {}, id_token: {} },
      consent_request: { challenge: '', subject, client: { client_id: client.id } },
    })
    expect(session?.['handled_at']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const path = `/admin/oauth2/auth/sessions/consent?${query(client, String(session?.['consent_request_id']), subject)}`
    expect((await deployment.admin('DELETE', path)).status).toBe(204)
    expect(await list(subject)).toEqual([])
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      expect(await deployment.introspect(token)).toEqual({ active: false })
    }
  })

  it('a revoked token leaves the remembered consent, its place in the list, and the other grant of it', async () => {
    const client = await registerClient(deployment)
    const subject = `user-${crypto.randomUUID()}`
    const options = { browser: new Browser(deployment), ...remembered }
    const login = { ...remembered.login, subject }
    const first = await logIn(deployment, client, { ...options, login })
    const second = await logIn(deployment, client, { ...options, login: { subject } })
    expect((await revoke(deployment, client, first.refresh_token)).status).toBe(200)
    expect(await deployment.introspect(first.access_token)).toEqual({ active: false })
    expect(await deployment.introspect(second.refresh_token)).toMatchObject({ active: true })
    expect(await list(subject)).toMatchObject([
      {
        remember: true,
        grant_scope: ['openid', 'offline_access'],
        session: { access_token: {}, id_token: {} },
      },
    ])
    const silent = await authorizeAt(deployment, client, {
      ...options,
      login: { subject },
      request: { prompt: 'none' },
    })
    expect(parameter(silent, 'code')).toMatch(/^ory_ac_/)
    const path = `/admin/oauth2/auth/sessions/consent?subject=${subject}&client=${client.id}`
    expect((await deployment.admin('DELETE', path)).status).toBe(204)
    expect(await deployment.introspect(second.refresh_token)).toEqual({ active: false })
    expect(await list(subject)).toEqual([])
  })

  it('lists the newest consent first, by page tokens and by offset', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const subject = `user-${crypto.randomUUID()}`
    const clients: string[] = []
    for (let made = 0; made < 3; made += 1) {
      const client = await registerClient(deployment)
      await authorizeAt(deployment, client, { login: { subject } })
      clients.unshift(client.id)
      vi.setSystemTime(Date.now() + 1000)
    }
    const path = `/admin/oauth2/auth/sessions/consent?subject=${subject}`
    const clientsAt = async (rest: string): Promise<readonly [readonly string[], string]> => {
      const page = await deployment.admin('GET', `${path}&${rest}`)
      const consents = await page.json<{ consent_request: { client: { client_id: string } } }[]>()
      const [, token = ''] =
        /page_token=([^&>]+)[^>]*>; rel="next"/.exec(page.headers.get('link') ?? '') ?? []
      return [consents.map(({ consent_request: { client } }) => client.client_id), token]
    }
    const [first, token] = await clientsAt('page_size=2')
    expect([first, ...(await clientsAt(`page_token=${token}`))]).toEqual([
      clients.slice(0, 2),
      clients.slice(2),
      '',
    ])
    expect(await clientsAt('limit=2&offset=1')).toEqual([clients.slice(1), ''])
  })

  it('a list of many whose clients are gone is short, and no failure', async () => {
    const subject = `user-${crypto.randomUUID()}`
    const consents = 70
    for (let made = 0; made < consents; made += 1) {
      const client = await registerClient(deployment)
      await authorizeAt(deployment, client, { login: { subject } })
      if (made > 0) await deployment.admin('DELETE', `/admin/clients/${client.id}`)
    }
    const listed = await deployment.admin(
      'GET',
      `/admin/oauth2/auth/sessions/consent?subject=${subject}&page_size=${consents}`,
    )
    expect(listed.status).toBe(200)
    expect(await listed.json()).toHaveLength(1)
  })

  it('makes a code and a verifier from before it worthless', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const { challenge } = await loginRequest(browser, client)
    const at = await browser.next(
      await app.decide('login', 'accept', String(challenge), { subject: 'grace' }),
    )
    const consent = { grant_scope: ['openid'] }
    const afterConsent = await app.decide('consent', 'accept', parameter(at, 'consent_challenge'), consent)
    await deployment.admin('DELETE', '/admin/oauth2/auth/sessions/consent?subject=grace&all=true')
    const restarted = await browser.next(afterConsent)
    expect(restarted.pathname).toBe('/oauth2/auth')
  })

  it.each([
    '',
    'subject=x',
    'subject=x&all=yes',
    'subject=x&client=y&all=true',
    'consent_request_id=a&subject=b',
  ])('refuses the query "%s"', async (query) => {
    const response = await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/consent?${query}`)
    expect([response.status, (await bodyOf(response))['error']]).toEqual([400, 'invalid_request'])
  })

  it('ends all logins of a subject and leaves the tokens', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const tokens = await logIn(deployment, client, { browser, login: { subject: 'heidi', remember: true } })
    expect((await deployment.admin('DELETE', '/admin/oauth2/auth/sessions/login?subject=heidi')).status).toBe(
      204,
    )
    expect(await loginRequest(browser, client)).toMatchObject({ skip: false })
    expect(await deployment.introspect(tokens.access_token)).toMatchObject({ active: true })
    expect((await deployment.admin('DELETE', '/admin/oauth2/auth/sessions/login')).status).toBe(400)
  })
})

describe('logout (contract 3.11)', () => {
  it('ends the session the hint names and returns to the client with state', async () => {
    const goodbye = 'https://app.example/bye'
    const client = await registerClient(deployment, { post_logout_redirect_uris: [goodbye] })
    const browser = new Browser(deployment)
    const tokens = await logIn(deployment, client, { browser, login: { subject: 'ivan', remember: true } })
    const query = new URLSearchParams({
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: goodbye,
      state: 'bye-state',
    })
    const at = await browser.next(`/oauth2/sessions/logout?${query}`)
    const challenge = parameter(at, 'logout_challenge')
    expect(await bodyOf(await app.get('logout', challenge))).toMatchObject({
      subject: 'ivan',
      rp_initiated: true,
    })
    const end = await browser.next(await app.decide('logout', 'accept', challenge))
    expect(end.href).toBe(`${goodbye}?state=bye-state`)
    expect(await loginRequest(browser, client)).toMatchObject({ skip: false })
  })

  it('asks before it logs out a browser without hint, and ends on our own page', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, ...remembered })
    const at = await browser.next('/oauth2/sessions/logout?state=abc')
    const challenge = parameter(at, 'logout_challenge')
    const rejected = await deployment.admin(
      'PUT',
      `/admin/oauth2/auth/requests/logout/reject?challenge=${challenge}`,
    )
    expect(rejected.status).toBe(204)
    expect(await loginRequest(browser, client)).toMatchObject({ skip: true })
    const end = await browser.next(await app.decide('logout', 'accept', challenge))
    expect(end.pathname).toBe('/oauth2/fallbacks/logout/callback')
    expect(await loginRequest(browser, client)).toMatchObject({ skip: false })
    expect((await browser.next('/oauth2/sessions/logout')).pathname).toBe('/oauth2/fallbacks/logout/callback')
  })

  it('of a session with many clients that are gone ends as any other', async () => {
    const browser = new Browser(deployment)
    for (let made = 0; made < 70; made += 1) {
      const client = await registerClient(deployment, {
        frontchannel_logout_uri: 'https://app.example/front',
      })
      await authorizeAt(deployment, client, { browser, ...remembered })
      await deployment.admin('DELETE', `/admin/clients/${client.id}`)
    }
    const at = await browser.next('/oauth2/sessions/logout')
    const accepted = await app.decide('logout', 'accept', parameter(at, 'logout_challenge'))
    expect((await browser.next(accepted)).pathname).toBe('/oauth2/fallbacks/logout/callback')
  })

  it.each(['id_token_hint=forged', 'post_logout_redirect_uri=https%3A%2F%2Fevil.example'])(
    'refuses %s',
    async (query) => {
      const at = await new Browser(deployment).next(`/oauth2/sessions/logout?${query}`)
      expect([at.pathname, parameter(at, 'error')]).toEqual(['/oauth2/fallbacks/error', 'invalid_request'])
    },
  )
})

describe('cookies (contract 5.3)', () => {
  it('are per client, sealed, HttpOnly, without Secure and with _dev on a loopback issuer', async () => {
    const client = await registerClient(deployment)
    const response = await new Browser(deployment).visit(authorizationPath(client))
    expect(response.headers.getSetCookie().join()).toMatch(
      /^ory_hydra_login_csrf_dev_\d{1,2}=[\w-]{42}\.[\w-]+; Max-Age=1800; Path=\/; HttpOnly; SameSite=Lax$/,
    )
  })

  it('are Secure on an https issuer', async () => {
    const secure = new Deployment(testEnv({ URLS_SELF_ISSUER: 'https://op.example' }))
    const client = await registerClient(secure)
    const [cookie = ''] = (await new Browser(secure).visit(authorizationPath(client))).headers.getSetCookie()
    expect(cookie).toMatch(
      /^__Host-ory_hydra_login_csrf_\d{1,2}=[\w-]{42}\.[\w-]+; Max-Age=1800; Path=\/; HttpOnly; Secure; SameSite=None$/,
    )
  })
})
