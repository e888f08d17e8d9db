import { runDurableObjectAlarm } from 'cloudflare:test'
import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ownerOf } from '../../../src/ledger/owner.ts'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../../support/deployment.ts'
import {
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

/** Runs the alarm of the subject's ledger; whether there was one. */
const alarm = (): Promise<boolean> => {
  const { LEDGER } = deployment.env
  return runDurableObjectAlarm(LEDGER.get(LEDGER.idFromName(ownerOf('subject', subject))))
}

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
    expect(text).toContain('You are being logged out of one application.')
    const frame = new URL((/<iframe src="([^"]*)"/.exec(text)?.[1] ?? '').replaceAll('&amp;', '&'))
    expect(frame.origin).toBe('https://front.example')
    expect(Object.fromEntries(frame.searchParams)).toEqual({
      app: '1',
      iss: ISSUER,
      sid: decodeJwt(String(id_token))['sid'],
    })
    expect(text).toContain(`href="${GOODBYE}?state=bye"`)
    expect(page.headers.get('refresh')).toBe(`8; url=${GOODBYE}?state=bye`)
    const script = /<script>(.*)<\/script>/s.exec(text)?.[1] ?? ''
    const hash = createHash('sha256').update(script).digest('base64')
    expect(page.headers.get('content-security-policy')).toContain(`script-src 'sha256-${hash}'`)
    expect(page.headers.getSetCookie().join()).toContain('ory_hydra_session_dev=;')
    expect((await browser.next(verifier)).href).toBe(`${GOODBYE}?state=bye`)
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
