import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ownerOf } from '../../../src/ledger/owner.ts'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  parameter,
  redeem,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const BACK = 'https://rp.example/backchannel'
const FRONT = 'https://front.example/logout?app=1'
const GOODBYE = 'https://app.example/goodbye'

interface Received {
  readonly url: string
  readonly token: string
}

let received: Received[]
let answer: () => Response | Promise<Response>
let deployment: Deployment
let subject: string

beforeEach(() => {
  received = []
  answer = () => new Response(null, { status: 200 })
  deployment = new Deployment()
  subject = `user-${crypto.randomUUID()}`
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    received.push({
      url: request.url,
      token: new URLSearchParams(await request.text()).get('logout_token') ?? '',
    })
    return answer()
  })
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const pass = (seconds: number): void => {
  vi.setSystemTime(Date.now() + seconds * 1000)
}

/** The subject's ledger. */
const ledger = () => {
  const { LEDGER } = deployment.env
  return LEDGER.getByName(ownerOf('subject', subject, 'none'))
}

/** Runs its alarm; whether there was one. */
const alarm = (): Promise<boolean> => runDurableObjectAlarm(ledger())

const register = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, { post_logout_redirect_uris: [GOODBYE], ...metadata })

/** Logs in at a client, remembered, and returns its tokens. */
async function logInAt(client: TestClient, browser: Browser): Promise<Record<string, unknown>> {
  const at = await authorizeAt(deployment, client, { browser, login: { subject, remember: true } })
  return bodyOf(await redeem(deployment, client, parameter(at, 'code')))
}

/** Asks for a logout with an ID token and has it accepted; the URL that then ends it. */
async function acceptedLogout(browser: Browser, idToken: unknown): Promise<string> {
  const query = new URLSearchParams({
    id_token_hint: String(idToken),
    post_logout_redirect_uri: GOODBYE,
    state: 'bye',
  })
  const at = await browser.next(`/oauth2/sessions/logout?${query}`)
  return new LoginApp(deployment).decide('logout', 'accept', parameter(at, 'logout_challenge'))
}

describe('back-channel logout', () => {
  it('sends a logout token to every client of the session that wants one, once', async () => {
    const browser = new Browser(deployment)
    const client = await register({ backchannel_logout_uri: BACK })
    const { id_token } = await logInAt(client, browser)
    await logInAt(await register(), browser)
    const verifier = await acceptedLogout(browser, id_token)
    const end = await browser.next(verifier)
    expect(end.href).toBe(`${GOODBYE}?state=bye`)
    expect(received.map(({ url }) => url)).toEqual([BACK])
    const jwks = createLocalJWKSet(await (await deployment.fetch('/.well-known/jwks.json')).json())
    const { payload, protectedHeader } = await jwtVerify(received[0]?.token ?? '', jwks, {
      issuer: ISSUER,
      audience: client.id,
      typ: 'logout+jwt',
      currentDate: new Date(),
    })
    expect(protectedHeader.kid).toEqual(expect.any(String))
    expect(payload).toMatchObject({
      sub: subject,
      sid: decodeJwt(String(id_token))['sid'],
      jti: expect.any(String),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
    expect(payload).not.toHaveProperty('nonce')
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(120)
    expect((await browser.next(verifier)).href).toBe(`${GOODBYE}?state=bye`)
    pass(90_000)
    await alarm()
    expect(received).toHaveLength(1)
  })

  it('sends what passes for no ID token', async () => {
    const browser = new Browser(deployment)
    const client = await register({ backchannel_logout_uri: BACK })
    const { id_token } = await logInAt(client, browser)
    await browser.visit(await acceptedLogout(browser, id_token))
    const hint = { id_token_hint: received[0]?.token ?? '' }
    const answers = [
      await browser.next(`/oauth2/sessions/logout?${new URLSearchParams(hint)}`),
      await browser.next(authorizationPath(client, hint)),
    ]
    expect(answers.map((at) => parameter(at, 'error'))).toEqual(['invalid_request', 'invalid_request'])
  })

  it.each<[string, () => Response | Promise<Response>]>([
    ['cannot be reached', () => Promise.reject(new TypeError('lost'))],
    ['has a fault of its own', () => new Response(null, { status: 503 })],
  ])('is tried again by the alarm while the client %s, by the same jti', async (_, failure) => {
    const browser = new Browser(deployment)
    const { id_token } = await logInAt(await register({ backchannel_logout_uri: BACK }), browser)
    answer = failure
    await browser.visit(await acceptedLogout(browser, id_token))
    expect(received).toHaveLength(1)
    pass(61)
    expect(await alarm()).toBe(true)
    expect(received).toHaveLength(2)
    answer = () => new Response(null, { status: 204 })
    pass(120)
    await alarm()
    expect(received).toHaveLength(2)
    pass(200)
    await alarm()
    const claims = received.map(({ token }) => decodeJwt(token))
    expect(claims).toHaveLength(3)
    expect(new Set(claims.map(({ jti }) => jti)).size).toBe(1)
    expect(claims[2]?.iat).toBeGreaterThan(claims[0]?.iat ?? 0)
    pass(30_000)
    await alarm()
    expect(received).toHaveLength(3)
  })

  it('says in the log why nothing was sent', async () => {
    const browser = new Browser(deployment)
    const client = await register({ backchannel_logout_uri: BACK })
    const { id_token } = await logInAt(client, browser)
    answer = () => Promise.reject(new TypeError('lost'))
    const log = vi.spyOn(console, 'log')
    await browser.visit(await acceptedLogout(browser, id_token))
    const lines = log.mock.calls.map(([line]): unknown => JSON.parse(String(line)))
    expect(lines).toContainEqual({ kind: 'logout.unsent', client_id: client.id, error: 'outbound_failed' })
  })

  it('gives up after a day', async () => {
    const browser = new Browser(deployment)
    const { id_token } = await logInAt(await register({ backchannel_logout_uri: BACK }), browser)
    answer = () => new Response(null, { status: 500 })
    await browser.visit(await acceptedLogout(browser, id_token))
    pass(86_500)
    await alarm()
    expect(received).toHaveLength(1)
  })

  it('takes a refusal for final', async () => {
    const browser = new Browser(deployment)
    const { id_token } = await logInAt(await register({ backchannel_logout_uri: BACK }), browser)
    answer = () => new Response(null, { status: 400 })
    await browser.visit(await acceptedLogout(browser, id_token))
    pass(1000)
    await alarm()
    expect(received).toHaveLength(1)
  })

  it('reaches clients as long as the session lasts, though their tokens ran out long ago', async () => {
    const browser = new Browser(deployment)
    const metadata = { backchannel_logout_uri: BACK, grant_types: ['authorization_code'] }
    const { id_token } = await logInAt(await register(metadata), browser)
    pass(20 * 86_400)
    await alarm()
    await browser.visit(await acceptedLogout(browser, id_token))
    expect(received).toHaveLength(1)
  })

  it('reaches clients of a session that was prolonged', async () => {
    const browser = new Browser(deployment)
    const client = await register({ backchannel_logout_uri: BACK, grant_types: ['authorization_code'] })
    const login = { subject, remember: true, remember_for: 7200 }
    const at = await authorizeAt(deployment, client, { browser, login })
    const { id_token } = await bodyOf(await redeem(deployment, client, parameter(at, 'code')))
    pass(7000)
    const other = await register()
    const prolonged = { ...login, remember_for: 86_400, extend_session_lifespan: true }
    await authorizeAt(deployment, other, { browser, login: prolonged })
    pass(40_000)
    await alarm()
    await browser.visit(await acceptedLogout(browser, id_token))
    expect(received).toHaveLength(1)
  })

  it('takes one row of a client whose grants are over, however often it asked in the session', async () => {
    const browser = new Browser(deployment)
    const client = await register({ backchannel_logout_uri: BACK, grant_types: ['authorization_code'] })
    const { id_token } = await logInAt(client, browser)
    for (let times = 0; times < 3; times += 1) await logInAt(client, browser)
    pass(86_400)
    await alarm()
    const count = 'SELECT count(*) AS total FROM logins WHERE kind = 0'
    const rows = await runInDurableObject(ledger(), (_, { storage }) => storage.sql.exec(count).one())
    expect(rows).toEqual({ total: 1 })
    await browser.visit(await acceptedLogout(browser, id_token))
    expect(received).toHaveLength(1)
  })

  it('is planned anew before a try, which the object may not outlive', async () => {
    const browser = new Browser(deployment)
    const { id_token } = await logInAt(await register({ backchannel_logout_uri: BACK }), browser)
    answer = () => new Response(null, { status: 503 })
    await browser.visit(await acceptedLogout(browser, id_token))
    pass(61)
    let planned: number | null = null
    answer = async () => {
      planned = await runInDurableObject(ledger(), (_, { storage }) => storage.getAlarm())
      return new Response(null, { status: 503 })
    }
    await alarm()
    expect(planned).not.toBeNull()
    expect(Number(planned)).toBeLessThanOrEqual(Date.now() + 300_000)
  })

  it('asks few clients at a time, so that slow ones do not use up the time of others', async () => {
    const browser = new Browser(deployment)
    const urls = Array.from({ length: 9 }, (_, index) => `${BACK}/${index}`)
    let idToken: unknown
    for (const backchannel_logout_uri of urls)
      idToken = (await logInAt(await register({ backchannel_logout_uri }), browser))['id_token']
    let open = 0
    const seen: number[] = []
    answer = async () => {
      open += 1
      seen.push(open)
      await scheduler.wait(1)
      open -= 1
      return new Response(null, { status: 503 })
    }
    await browser.visit(await acceptedLogout(browser, idToken))
    pass(61)
    await alarm()
    expect(received.map(({ url }) => url).sort()).toEqual([...urls, ...urls].sort())
    expect(Math.max(...seen)).toBeLessThanOrEqual(6)
  })

  it('is not for another client that was given the id of one that was deleted', async () => {
    const id = crypto.randomUUID()
    const metadata = { client_id: id, backchannel_logout_uri: BACK, frontchannel_logout_uri: FRONT }
    const browser = new Browser(deployment)
    const { id_token } = await logInAt(await register(metadata), browser)
    await deployment.admin('DELETE', `/admin/clients/${id}`)
    await register({ ...metadata, backchannel_logout_uri: 'https://other.example/backchannel' })
    const end = await browser.visit(await acceptedLogout(browser, id_token))
    expect(end.headers.get('location')).toBe(`${GOODBYE}?state=bye`)
    expect(received).toEqual([])
  })

  it.each(['sid', 'subject'])('comes of a session ended by the admin API, by %s', async (by) => {
    const { id_token } = await logInAt(
      await register({ backchannel_logout_uri: BACK }),
      new Browser(deployment),
    )
    const value = by === 'sid' ? String(decodeJwt(String(id_token))['sid']) : subject
    const { status } = await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?${by}=${value}`)
    expect(status).toBe(204)
    expect(received.map(({ url }) => url)).toEqual([BACK])
  })

  it('asks no address that the rule for other servers forbids', async () => {
    const browser = new Browser(deployment)
    const client = await register({ backchannel_logout_uri: 'http://10.0.0.1/logout' })
    const { id_token } = await logInAt(client, browser)
    await browser.visit(await acceptedLogout(browser, id_token))
    expect(received).toEqual([])
  })
})

describe('front-channel logout', () => {
  it('loads each client in a frame with iss and sid, then goes on', async () => {
    const browser = new Browser(deployment)
    const { id_token } = await logInAt(await register({ frontchannel_logout_uri: FRONT }), browser)
    const verifier = await acceptedLogout(browser, id_token)
    const page = await browser.visit(verifier)
    const text = await page.text()
    expect(page.status).toBe(200)
    expect(text).toContain('You are being logged out of your applications.')
    const frame = new URL((/<iframe src="([^"]*)"/.exec(text)?.[1] ?? '').replaceAll('&amp;', '&'))
    expect(frame.origin).toBe('https://front.example')
    expect(Object.fromEntries(frame.searchParams)).toEqual({
      app: '1',
      iss: ISSUER,
      sid: decodeJwt(String(id_token))['sid'],
    })
    expect(text).toContain(`href="${GOODBYE}?state=bye"`)
    expect(page.headers.get('refresh'), 'a browser with script goes on by that alone').toBe(null)
    const refresh = `<noscript><meta http-equiv="refresh" content="8; url=${GOODBYE}?state=bye"></noscript>`
    expect(text, 'one without').toContain(refresh)
    const script = /<script>(.*)<\/script>/s.exec(text)?.[1] ?? ''
    const hash = createHash('sha256').update(script).digest('base64')
    expect(page.headers.get('content-security-policy')).toContain(`script-src 'sha256-${hash}'`)
    expect(page.headers.getSetCookie().join()).toContain('ory_hydra_session_dev=;')
    expect(await (await browser.visit(verifier)).text(), 'a second click').toBe(text)
  })
})

describe('a logout request', () => {
  it('that is too long, but for its hint, is refused before anything is kept of it', async () => {
    const browser = new Browser(deployment)
    const { id_token } = await logInAt(await register(), browser)
    const ask = (state: string): Promise<URL> => {
      const body = new URLSearchParams({ id_token_hint: String(id_token), state })
      return browser.next('/oauth2/sessions/logout', { method: 'POST', body })
    }
    expect((await ask('x'.repeat(7000))).searchParams.has('logout_challenge')).toBe(true)
    expect(parameter(await ask('x'.repeat(9000)), 'error')).toBe('invalid_request')
  })
})

describe('tokens of a session that ends', () => {
  it.each([
    ['stay', {}, true],
    [
      'are revoked where OAUTH2_REVOKE_TOKENS_ON_LOGOUT says so',
      { OAUTH2_REVOKE_TOKENS_ON_LOGOUT: 'true' },
      false,
    ],
  ])('%s', async (_, settings, active) => {
    deployment = new Deployment(testEnv(settings))
    const browser = new Browser(deployment)
    const { id_token, access_token } = await logInAt(await register(), browser)
    await browser.visit(await acceptedLogout(browser, id_token))
    expect(await deployment.introspect(String(access_token))).toMatchObject({ active })
  })
})

describe('logout asked for without a hint', () => {
  const asked = (client: TestClient, changes: Readonly<Record<string, string>> = {}): string =>
    `/oauth2/sessions/logout?${new URLSearchParams({ client_id: client.id, post_logout_redirect_uri: GOODBYE, ...changes })}`

  it('leads to a registered address of the client that is named, once the user agreed', async () => {
    const browser = new Browser(deployment)
    const client = await register()
    await logInAt(client, browser)
    const at = await browser.next(asked(client, { state: 'bye' }))
    const challenge = parameter(at, 'logout_challenge')
    expect(challenge).not.toBe('')
    const end = await browser.next(await new LoginApp(deployment).decide('logout', 'accept', challenge))
    expect(end.href).toBe(`${GOODBYE}?state=bye`)
    expect((await browser.next(asked(client))).href).toBe(GOODBYE)
  })

  it('shows its frames again to a second click', async () => {
    const browser = new Browser(deployment)
    const client = await register({ frontchannel_logout_uri: FRONT })
    await logInAt(client, browser)
    const challenge = parameter(await browser.next(asked(client)), 'logout_challenge')
    const verifier = await new LoginApp(deployment).decide('logout', 'accept', challenge)
    const page = await (await browser.visit(verifier)).text()
    expect(page).toContain('<iframe src="https://front.example/')
    expect(await (await browser.visit(verifier)).text()).toBe(page)
  })

  it('ends nothing in a browser that did not ask', async () => {
    const browser = new Browser(deployment)
    const client = await register({ backchannel_logout_uri: BACK })
    await logInAt(client, browser)
    const challenge = parameter(await browser.next(asked(client)), 'logout_challenge')
    const verifier = await new LoginApp(deployment).decide('logout', 'accept', challenge)
    const stranger = await new Browser(deployment).visit(verifier)
    expect(stranger.headers.get('location')).toBe(GOODBYE)
    expect(received).toEqual([])
    expect(parameter(await browser.next(authorizationPath(client, { prompt: 'none' })), 'error')).not.toBe(
      'login_required',
    )
  })

  it.each<[string, Record<string, string>]>([
    ['an unregistered address', { post_logout_redirect_uri: 'https://evil.example/' }],
    ['an unknown client', { client_id: 'nobody' }],
  ])('is refused for %s', async (_, changes) => {
    const at = await new Browser(deployment).next(asked(await register(), changes))
    expect(at.pathname).toBe('/oauth2/fallbacks/error')
  })

  it('with a hint must name its client', async () => {
    const browser = new Browser(deployment)
    const { id_token } = await logInAt(await register(), browser)
    const at = await browser.next(asked(await register(), { id_token_hint: String(id_token) }))
    expect(parameter(at, 'error')).toBe('invalid_request')
  })
})
