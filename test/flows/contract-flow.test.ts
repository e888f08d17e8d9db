import { runInDurableObject } from 'cloudflare:test'
import { decodeJwt } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
import { assertionFields, makeKey, signAssertion } from '../support/assertions.ts'
import { ADMIN_KEY, Browser, bodyOf, Deployment, ISSUER, locationOf, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  redeem,
  refresh,
  registerClient,
  type TestClient,
  tokenRequest,
  VERIFIER,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)
const SESSION = 'ory_hydra_session_dev'
const DAY = 86_400

afterEach(() => {
  vi.useRealTimers()
})

const pass = (seconds: number): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

/** Accepts a login and shows what the browser is given: the answer, and the session cookie's Max-Age, if it is set. */
async function enter(browser: Browser, client: TestClient, login: object, request = {}) {
  const page = await browser.next(authorizationPath(client, request))
  const challenge = parameter(page, 'login_challenge')
  const answer = await browser.visit(
    await app.decide('login', 'accept', challenge, { subject: 'alice', ...login }),
  )
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith(`${SESSION}=`))
  return {
    at: locationOf(answer),
    maxAge: cookie === undefined ? null : Number(/Max-Age=(\d+)/.exec(cookie)?.[1]),
  }
}

/** The consent request that follows a login. */
async function consentAfter(browser: Browser, client: TestClient, request = {}, login = {}) {
  const { at } = await enter(browser, client, login, request)
  return bodyOf(await app.get('consent', parameter(at, 'consent_challenge')))
}

describe('the login app’s address (contract 3.3, 8.2)', () => {
  const configured = new Deployment(
    testEnv({
      URLS_LOGIN: 'https://ui.example/login?theme=dark',
      URLS_REGISTRATION: 'https://ui.example/new',
    }),
  )

  it('keeps its own query, and gets identity_schema', async () => {
    const client = await registerClient(configured)
    const path = authorizationPath(client, { identity_schema: 'customers' })
    const page = await new Browser(configured).next(path)
    expect(page.origin + page.pathname).toBe('https://ui.example/login')
    expect(Object.fromEntries(page.searchParams)).toEqual({
      theme: 'dark',
      login_challenge: expect.any(String),
      identity_schema: 'customers',
    })
  })

  it.each(['registration', 'create'])('is that of registration with prompt=%s', async (prompt) => {
    const client = await registerClient(configured)
    const page = await new Browser(configured).next(authorizationPath(client, { prompt }))
    expect(page.origin + page.pathname).toBe('https://ui.example/new')
    expect(parameter(page, 'login_challenge')).not.toBe('')
  })
})

describe('the session cookie (contract 3.4)', () => {
  it.each([
    ['not remembered', {}, null],
    ['remembered for an hour', { remember: true, remember_for: 3600 }, 3600],
    ['remembered as long as the server says', { remember: true, remember_for: 0 }, 30 * DAY],
    ['remembered longer than may be', { remember: true, remember_for: 400 * DAY }, 180 * DAY],
  ])('%s', async (_name, login, maxAge) => {
    const client = await registerClient(deployment)
    expect(await enter(new Browser(deployment), client, login)).toMatchObject({ maxAge })
  })

  it('is left alone by a skipped login, and renewed by extend_session_lifespan; auth_time stays', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const first = await logIn(deployment, client, { browser, login: { remember: true, remember_for: 100 } })
    pass(60)
    expect(await enter(browser, client, {})).toMatchObject({ maxAge: null })
    const extended = { extend_session_lifespan: true, remember: true, remember_for: 500 }
    expect(await enter(browser, client, extended)).toMatchObject({ maxAge: 500 })
    pass(60)
    const later = await logIn(deployment, client, { browser })
    expect(decodeJwt(later.id_token)['auth_time']).toBe(decodeJwt(first.id_token)['auth_time'])
    expect(decodeJwt(later.id_token)['sid']).toBe(decodeJwt(first.id_token)['sid'])
  })

  it('has the auth_time that the login app gives as authenticated_at', async () => {
    const client = await registerClient(deployment)
    const authTime = Math.floor(Date.now() / 1000) - 3600
    const authenticated_at = new Date(authTime * 1000).toISOString().replace('Z', '+00:00')
    const { id_token } = await logIn(deployment, client, { login: { authenticated_at } })
    expect(decodeJwt(id_token)['auth_time']).toBe(authTime)
  })

  it.each([
    ['max_age=60', {}, { max_age: '60' }],
    ['max_age=0', {}, { max_age: '0' }],
    ['a default of 0', { default_max_age: 0 }, {}],
    ['prompt=login', {}, { prompt: 'login' }],
  ])(
    'is no answer by an older authenticated_at than the request takes: %s',
    async (_name, metadata, request) => {
      const client = await registerClient(deployment, metadata)
      const authenticated_at = new Date(Date.now() - 3_600_000).toISOString()
      const { at } = await enter(new Browser(deployment), client, { authenticated_at }, request)
      expect(parameter(at, 'error')).toBe('login_required')
      const now = await enter(new Browser(deployment), client, {}, request)
      expect(parameter(now.at, 'consent_challenge')).not.toBe('')
    },
  )

  it.each([
    ['no time', 'yesterday'],
    ['a number', 1_700_000_000],
    ['a time to come', new Date(Date.now() + 3_600_000).toISOString()],
  ])('takes no authenticated_at that is %s', async (_name, authenticated_at) => {
    const client = await registerClient(deployment)
    const at = await new Browser(deployment).next(authorizationPath(client))
    const path = `/admin/oauth2/auth/requests/login/accept?login_challenge=${parameter(at, 'login_challenge')}`
    const answer = await deployment.admin('PUT', path, { subject: 'alice', authenticated_at })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain("'authenticated_at'")
  })

  it('goes when somebody else logs in than the hint names: login_required', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const { id_token } = await logIn(deployment, client, { login: { subject: 'hinted' } })
    await enter(browser, client, { subject: 'hinted', remember: true })
    const request = { prompt: 'login', id_token_hint: id_token }
    const { at, maxAge } = await enter(browser, client, { subject: 'other' }, request)
    expect([parameter(at, 'error'), maxAge]).toEqual(['login_required', 0])
    expect(browser.cookies.has(SESSION)).toBe(false)
  })
})

describe('a remembered consent (contract 3.5)', () => {
  const remembered = { login: { remember: true }, consent: { remember: true } }

  it('lasts as long as remember_for says, from the request on', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const consent = { remember: true, remember_for: 100 }
    await authorizeAt(deployment, client, { browser, login: { remember: true }, consent })
    expect(await consentAfter(browser, client)).toMatchObject({ skip: true })
    pass(101)
    expect(await consentAfter(browser, client)).toMatchObject({ skip: false })
  })

  it('is the newest one, and covers by the scope strategy', async () => {
    const client = await registerClient(deployment, { scope: 'openid offline_access api.*' })
    const browser = new Browser(deployment)
    const request = { scope: 'openid api.read' }
    await authorizeAt(deployment, client, { browser, request, ...remembered })
    expect(await consentAfter(browser, client, request)).toMatchObject({ skip: true })
    pass(1)
    const narrow = { scope: 'openid', prompt: 'consent' }
    await authorizeAt(deployment, client, {
      browser,
      request: narrow,
      consent: { grant_scope: ['openid'], remember: true },
    })
    expect(await consentAfter(browser, client, request)).toMatchObject({ skip: false })
    expect(await consentAfter(browser, client, { scope: 'openid' })).toMatchObject({ skip: true })
  })

  const AUDIENCE = ['https://api.example', 'https://other.example']
  const claims = (...names: readonly string[]) =>
    JSON.stringify({ userinfo: Object.fromEntries(names.map((name) => [name, null])) })

  it.each<readonly [string, Record<string, string>, boolean]>([
    ['no audience and no claims', {}, true],
    ['the audience that was granted', { audience: 'https://api.example' }, true],
    ['an audience that was asked for and not granted', { audience: 'https://other.example' }, false],
    ['a path below the audience', { audience: 'https://api.example/x' }, false],
    ['the claims that were asked for', { claims: claims('email', 'phone_number') }, true],
    ['one of them, in another language', { claims: claims('email#de') }, true],
    [
      'one of them, in the ID token',
      { claims: JSON.stringify({ id_token: { email: { essential: true } } }) },
      true,
    ],
    ['another claim', { claims: claims('email', 'address') }, false],
    ['what says something about the login', { claims: claims('acr', 'auth_time', 'sub', 'amr') }, true],
  ])('covers %s: %s: %s', async (_name, request, skip) => {
    const client = await registerClient(deployment, { audience: AUDIENCE })
    const browser = new Browser(deployment)
    const consented = { audience: AUDIENCE.join(' '), claims: claims('email', 'phone_number#en') }
    await authorizeAt(deployment, client, {
      browser,
      request: consented,
      login: { remember: true },
      consent: { remember: true, grant_access_token_audience: ['https://api.example'] },
    })
    expect(await consentAfter(browser, client, request)).toMatchObject({ skip })
    const silent = await enter(browser, client, {}, { ...request, prompt: 'none' })
    expect(parameter(silent.at, 'error')).toBe(skip ? '' : 'consent_required')
  })

  it('of another subject or client does not count', async () => {
    const client = await registerClient(deployment)
    await authorizeAt(deployment, client, { ...remembered, login: { subject: 'one', remember: true } })
    expect(await consentAfter(new Browser(deployment), client, {}, { subject: 'two' })).toMatchObject({
      skip: false,
    })
  })

  it.each([
    ['app.example:/cb', false],
    ['http://localhost/cb', true],
    ['https://app.example/cb', true],
  ])('of a public client at %s is taken: %s', async (redirect_uri, skip) => {
    const client = await registerClient(deployment, {
      token_endpoint_auth_method: 'none',
      redirect_uris: [redirect_uri],
    })
    const browser = new Browser(deployment)
    const request = { redirect_uri }
    await authorizeAt(deployment, client, { browser, request, ...remembered })
    expect(await consentAfter(browser, client, request)).toMatchObject({ skip })
  })

  it('is needed by prompt=none, whatever skip_consent says', async () => {
    const client = await registerClient(deployment, { skip_consent: true })
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login: { remember: true } })
    const { at } = await enter(browser, client, {}, { prompt: 'none' })
    expect(parameter(at, 'error')).toBe('consent_required')
  })

  it('hands nothing on: scopes, audience and claims are those of this answer', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const consent = { remember: true, session: { access_token: { role: 'admin' } } }
    await authorizeAt(deployment, client, { browser, login: { remember: true }, consent })
    const { access_token } = await logIn(deployment, client, {
      browser,
      consent: { grant_scope: ['openid'] },
    })
    const active = await deployment.introspect(access_token)
    expect(active).toMatchObject({ scope: 'openid', aud: [] })
    expect(active).not.toHaveProperty('ext')
  })
})

it('an app may grant what was not asked for (contract 1.4.2)', async () => {
  const client = await registerClient(deployment)
  const consent = { grant_scope: ['openid', 'email'], grant_access_token_audience: ['https://more.example'] }
  const { access_token } = await logIn(deployment, client, { request: { scope: 'openid' }, consent })
  expect(await deployment.introspect(access_token)).toMatchObject({
    scope: 'openid email',
    aud: ['https://more.example'],
  })
})

it('an answer names code, scope, state and issuer, also where nothing was granted (contract 1.3.2)', async () => {
  const client = await registerClient(deployment)
  const callback = await authorizeAt(deployment, client, { consent: { grant_scope: [] } })
  expect(Object.fromEntries(callback.searchParams)).toStrictEqual({
    code: expect.stringMatching(/^ory_ac_[\w-]+\.[\w-]+$/),
    scope: '',
    state: 'state-0123456789',
    iss: ISSUER,
    session_state: expect.stringMatching(/^[0-9a-f]{64}\.[\w-]+$/),
  })
})

it('the answer joins the query that the redirect URI has (contract 3.7)', async () => {
  const redirect_uri = `${REDIRECT_URI}?tenant=t%201`
  const client = await registerClient(deployment, { redirect_uris: [redirect_uri] })
  const callback = await authorizeAt(deployment, client, { request: { redirect_uri } })
  expect(callback.href.startsWith(`${redirect_uri}&`)).toBe(true)
  expect(parameter(callback, 'code')).toMatch(/^ory_ac_/)
})

it('the only redirect URI may be left out where openid is not asked for (contract 1.3.2)', async () => {
  const client = await registerClient(deployment)
  const request = { redirect_uri: undefined, scope: 'offline_access' }
  const callback = await authorizeAt(deployment, client, { request })
  expect(callback.origin + callback.pathname).toBe(REDIRECT_URI)
  const code = parameter(callback, 'code')
  const fields = { grant_type: 'authorization_code', code }

  expect((await tokenRequest(deployment, client, { ...fields, code_verifier: VERIFIER })).status).toBe(200)
})

it('a code is good for ten minutes (contract 1.3.3)', async () => {
  const client = await registerClient(deployment)
  const code = parameter(await authorizeAt(deployment, client), 'code')
  pass(601)
  const answer = await redeem(deployment, client, code)
  expect([answer.status, await bodyOf(answer)]).toMatchObject([400, { error: 'invalid_grant' }])
})

describe('a refresh is refused (contract 3.10)', () => {
  const outcome = async (response: Response) => [response.status, (await bodyOf(response))['error']]
  const audience = 'https://api.example'

  it.each([
    ['the client lost a scope', { scope: 'openid offline_access' }, 'invalid_scope'],
    ['the client lost an audience', { audience: ['https://other.example'] }, 'invalid_request'],
    ['the client lost the grant type', { grant_types: ['authorization_code'] }, 'unauthorized_client'],
  ])('where %s; given back, it goes on', async (_name, changes, error) => {
    const client = await registerClient(deployment)
    const consent = { grant_access_token_audience: [audience] }
    const request = { scope: 'openid offline_access profile', audience }
    const tokens = await logIn(deployment, client, { request, consent })
    const path = `/admin/clients/${client.id}`
    const before = await bodyOf(await deployment.admin('GET', path))
    await deployment.admin('PUT', path, { ...before, ...changes })
    expect(await outcome(await refresh(deployment, client, tokens.refresh_token))).toEqual([400, error])
    await deployment.admin('PUT', path, before)
    expect((await refresh(deployment, client, tokens.refresh_token)).status).toBe(200)
  })

  it('of another client, unknown, of another kind, or expired', async () => {
    const client = await registerClient(deployment)
    const other = await registerClient(deployment)
    const tokens = await logIn(deployment, client)
    const INVALID = [400, 'invalid_grant']
    expect(await outcome(await refresh(deployment, other, tokens.refresh_token))).toEqual(INVALID)
    expect(await outcome(await refresh(deployment, client, 'ory_rt_a.b'))).toEqual(INVALID)
    expect(await outcome(await refresh(deployment, client, tokens.access_token))).toEqual(INVALID)
    expect(await deployment.introspect(tokens.access_token)).toMatchObject({ active: true })
    pass(30 * DAY + 1)
    expect(await outcome(await refresh(deployment, client, tokens.refresh_token))).toEqual(INVALID)
  })

  it('used up: as often as the count says within the grace, then the family is dead', async () => {
    const counted = new Deployment(
      testEnv({
        OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '5m',
        OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_REUSE_COUNT: '2',
      }),
    )
    const client = await registerClient(counted)
    const { refresh_token } = await logIn(counted, client)
    const answers: Record<string, unknown>[] = []
    for (let use = 0; use < 4; use += 1) {
      pass(1)
      answers.push(await bodyOf(await refresh(counted, client, refresh_token)))
    }
    expect(answers.map(({ error }) => error)).toEqual([undefined, undefined, undefined, 'invalid_grant'])
    expect(await counted.introspect(String(answers[0]?.['access_token']))).toEqual({ active: false })
  })
})

describe('sessions (contract 1.4.3)', () => {
  const path = '/admin/oauth2/auth/sessions'

  it('consents are listed by login session, those not remembered too, skipped ones never', async () => {
    const client = await registerClient(deployment)
    const subject = crypto.randomUUID()
    const browser = new Browser(deployment)
    await logIn(deployment, client, { login: { subject } })
    const login = { subject, remember: true }
    const { id_token } = await logIn(deployment, client, { browser, login, consent: { remember: true } })
    await logIn(deployment, client, { browser, login })
    const list = async (query = ''): Promise<readonly Record<string, unknown>[]> =>
      (await deployment.admin('GET', `${path}/consent?subject=${subject}${query}`)).json()
    expect((await list()).map(({ remember }) => remember).sort()).toEqual([false, true])
    const sid = String(decodeJwt(id_token)['sid'])
    expect(await list(`&login_session_id=${sid}`)).toMatchObject([
      { remember: true, consent_request: { login_session_id: sid } },
    ])
    expect(await list('&login_session_id=unknown')).toEqual([])
  })

  it('a login session ends by its sid; an unknown one is 204 too', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const { id_token, access_token } = await logIn(deployment, client, { browser, login: { remember: true } })
    const sid = String(decodeJwt(id_token)['sid'])
    for (const one of [sid, crypto.randomUUID(), 'no-uuid']) {
      expect((await deployment.admin('DELETE', `${path}/login?sid=${one}`)).status).toBe(204)
    }
    const { at } = await enter(browser, client, {})
    expect(parameter(at, 'consent_challenge')).not.toBe('')
    const silent = await browser.next(authorizationPath(client, { prompt: 'none' }))
    expect(parameter(silent, 'error')).toBe('login_required')
    expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
  })
})

describe('introspection (contract 1.4.4)', () => {
  it('is inactive for a scope that was not granted, and for what is no token', async () => {
    const client = await registerClient(deployment)
    const { access_token: token } = await logIn(deployment, client)
    const ask = async (fields: Record<string, string>) => {
      const headers = { authorization: `Bearer ${ADMIN_KEY}` }
      const answer = await deployment.form('/oauth2/introspect', fields, headers)
      return [answer.status, await answer.json()]
    }
    const inactive = [200, { active: false }]
    expect(await ask({ token, scope: 'openid' })).toMatchObject([200, { active: true }])
    expect(await ask({ token, scope: 'openid profile' })).toEqual(inactive)
    expect(await ask({ token, token_type_hint: 'refresh_token' })).toMatchObject([200, { active: true }])
    expect(await ask({ token: `${ISSUER}/` })).toEqual(inactive)
    expect(await ask({})).toMatchObject([400, { error: 'invalid_request' }])
  })
})

describe('addresses behind a gateway (contract 4.2)', () => {
  const gateway = 'https://login.example/authorize'

  it('are where the browser comes back to, and what assertions may be for', async () => {
    const settings = {
      WEBFINGER_OIDC_DISCOVERY_AUTH_URL: gateway,
      WEBFINGER_OIDC_DISCOVERY_TOKEN_URL: 'https://login.example/token',
    }
    const deployment = new Deployment(testEnv(settings))
    const key = await makeKey('RS256')
    const client = await registerClient(deployment, {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key.publicJwk] },
      grant_types: ['client_credentials', 'authorization_code'],
    })
    const app = new LoginApp(deployment)
    const at = await new Browser(deployment).next(authorizationPath(client))
    const challenge = parameter(at, 'login_challenge')
    const { request_url } = await bodyOf(await app.get('login', challenge))
    expect(String(request_url)).toContain(`${gateway}?`)
    const onward = new URL(await app.decide('login', 'accept', challenge, { subject: 'alice' }))
    expect(`${onward.origin}${onward.pathname}`).toBe(gateway)
    const claims = { iss: client.id, sub: client.id }
    const assertion = await signAssertion(key, claims, { claims: { aud: 'https://login.example/token' } })
    const fields = { grant_type: 'client_credentials', ...assertionFields(assertion) }
    expect((await deployment.form('/oauth2/token', fields)).status).toBe(200)
  })
})

describe('the request as it is shown and kept (contract 2.2)', () => {
  it('has no hint and no object in it, and all else', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const { id_token } = await logIn(deployment, client, { browser, login: { remember: true } })
    const object = `${btoa('{"alg":"none"}').replaceAll('=', '')}.${btoa('{"ui_locales":"de"}').replaceAll('=', '')}.`
    const request = { id_token_hint: id_token, request: object, login_hint: 'alice', theme: 'dark' }
    const atLogin = await browser.next(authorizationPath(client, request))
    const challenge = parameter(atLogin, 'login_challenge')
    const login = await bodyOf(await app.get('login', challenge))
    const atConsent = await browser.next(await app.decide('login', 'accept', challenge, { subject: 'alice' }))
    const consent = await bodyOf(await app.get('consent', parameter(atConsent, 'consent_challenge')))
    for (const { oidc_context } of [login, consent])
      expect(oidc_context).toMatchObject({ id_token_hint_claims: { sub: 'alice' }, login_hint: 'alice' })
    const grant = { grant_scope: ['openid'], remember: true }
    await browser.next(
      await app.decide('consent', 'accept', parameter(atConsent, 'consent_challenge'), grant),
    )
    const path = '/admin/oauth2/auth/sessions/consent?subject=alice'
    const listed = await (await deployment.admin('GET', path)).json<
      { consent_request: { request_url: string } }[]
    >()
    const own = listed.find(({ consent_request }) => consent_request.request_url.includes('theme=dark'))
    for (const url of [login['request_url'], consent['request_url'], own?.consent_request.request_url]) {
      const names = [...new URL(String(url)).searchParams.keys()]
      expect(names).toEqual(
        expect.arrayContaining(['client_id', 'scope', 'login_hint', 'theme', 'ui_locales']),
      )
      for (const name of ['id_token_hint', 'request']) expect(names).not.toContain(name)
      expect(String(url)).not.toContain(id_token)
    }
    const { LEDGER } = testEnv()
    const stored = await runInDurableObject(
      LEDGER.getByName(ownerOf('subject', 'alice', 'none')),
      (_, { storage }) =>
        storage.sql.exec<{ record: string }>('SELECT record FROM logins WHERE kind = 0').toArray(),
    )
    expect(stored.length).toBeGreaterThan(1)
    for (const { record } of stored) expect(record).not.toMatch(/id_token_hint|[?&]request=/)
  })
})
