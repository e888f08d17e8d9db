import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import { enterCode, pollOutcome, registerDeviceClient, startDevice, toLastHop } from '../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)
let lines: string[]
let client: TestClient

beforeEach(async () => {
  lines = []
  const keep = (line: unknown): void => {
    lines.push(String(line))
  }
  for (const method of ['log', 'error', 'warn', 'info'] as const)
    vi.spyOn(console, method).mockImplementation(keep)
  client = await registerClient(deployment)
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** The reasons in the log, in order. */
const reasons = (): unknown[] =>
  lines
    .map((line): Record<string, unknown> => JSON.parse(line))
    .flatMap((line) => (line['kind'] === 'request' && line['reason'] !== undefined ? [line['reason']] : []))

type Changes = Readonly<Record<string, string | undefined>>

const visit = (changes: Changes, by = client, browser = new Browser(deployment)): Promise<Response> =>
  browser.visit(authorizationPath(by, changes))

/** A browser whose user is remembered. */
async function remembered(): Promise<Browser> {
  const browser = new Browser(deployment)
  await authorizeAt(deployment, client, { browser, login: { remember: true } })
  return browser
}

/** Goes up to the login app's decision, and brings it back. */
async function loginWith(changes: Changes, login: object, browser = new Browser(deployment)): Promise<void> {
  const at = await browser.next(authorizationPath(client, changes))
  await browser.visit(await app.decide('login', 'accept', parameter(at, 'login_challenge'), login))
}

const ALICE = { subject: 'alice' }

describe('the log names why an authorization request was refused', () => {
  it.each<[string, Changes]>([
    ['client_unregistered', { client_id: 'nobody' }],
    ['redirect_uri_missing', { redirect_uri: undefined }],
    ['redirect_uri_unregistered', { redirect_uri: 'https://other.example/' }],
    ['redirect_uri_near', { redirect_uri: `${REDIRECT_URI}/` }],
    ['response_mode_unfit', { response_mode: 'pigeon' }],
    ['response_type_unregistered', { response_type: 'token' }],
    ['registration_unsupported', { registration: '{}' }],
    ['state_too_short', { state: 'x', nonce: undefined, code_challenge: undefined }],
    ['nonce_too_short', { nonce: 'x' }],
    ['pkce_missing', { code_challenge: undefined }],
    ['parameter_malformed', { max_age: 'soon' }],
    ['parameters_conflict', { request: 'x', request_uri: 'https://app.example/r' }],
    ['request_object_unusable', { request: 'no.jwt' }],
    ['request_uri_unregistered', { request_uri: 'https://app.example/r' }],
    ['hint_foreign', { id_token_hint: 'no.id.token' }],
    ['login_needed', { prompt: 'none' }],
  ])('%s', async (reason, changes) => {
    await visit(changes)
    expect(reasons()).toEqual([reason])
  })

  it('request_object_missing', async () => {
    const strict = await registerClient(deployment, { require_signed_request_object: true })
    await deployment.fetch(authorizationPath(strict))
    expect(reasons()).toEqual(['request_object_missing'])
  })

  it('openid_missing', async () => {
    const implicit = { response_types: ['id_token'], grant_types: ['implicit'] }
    const by = await registerClient(deployment, implicit)
    await visit({ response_type: 'id_token', scope: 'profile' }, by)
    expect(reasons()).toEqual(['openid_missing'])
  })

  it('redirect_uri_insecure', async () => {
    const hosted = new Deployment(testEnv({ URLS_SELF_ISSUER: 'https://login.example' }))
    const by = await registerClient(hosted, { redirect_uris: ['http://app.example/cb'] })
    await hosted.fetch(authorizationPath(by, { redirect_uri: 'http://app.example/cb' }))
    expect(reasons()).toEqual(['redirect_uri_insecure'])
  })

  it('request_uri_unavailable', async () => {
    const at = 'https://app.example/r'
    const by = await registerClient(deployment, { request_uris: [at] })
    vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response(null, { status: 404 }))
    await visit({ request_uri: at }, by)
    expect(reasons()).toEqual(['request_uri_unavailable'])
  })

  it('request_too_long', async () => {
    const body = new URLSearchParams({ client_id: client.id, padding: 'x'.repeat(9000) })
    await new Browser(deployment).visit('/oauth2/auth', { method: 'POST', body })
    expect(reasons()).toEqual(['request_too_long'])
  })
})

describe('the log names why a login does not count', () => {
  it('login_not_new', async () => {
    const browser = await remembered()
    vi.useFakeTimers({ toFake: ['Date'] })
    const at = await browser.next(authorizationPath(client, { prompt: 'login' }))
    const challenge = parameter(at, 'login_challenge')
    const before = new Date(Date.now() - 60_000).toISOString()
    const login = { ...ALICE, authenticated_at: before }
    await browser.visit(await app.decide('login', 'accept', challenge, login))
    expect(reasons()).toEqual(['login_not_new'])
  })

  it('login_too_old', async () => {
    const before = new Date(Date.now() - 60_000).toISOString()
    await loginWith({ max_age: '5' }, { ...ALICE, authenticated_at: before })
    expect(reasons()).toEqual(['login_too_old'])
  })

  it('login_unexpected, by the clock of another machine', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const now = Date.now()
    vi.setSystemTime(now + 60_000)
    const browser = await remembered()
    vi.setSystemTime(now)
    await loginWith({ prompt: 'none' }, ALICE, browser)
    expect(reasons()).toEqual(['login_unexpected'])
  })

  it('other_subject', async () => {
    const { id_token } = await logIn(deployment, client, { login: ALICE })
    await loginWith({ id_token_hint: id_token }, { subject: 'bob' })
    expect(reasons()).toEqual(['other_subject'])
  })

  it('acr_unmet', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: 'gold' } } })
    await loginWith({ claims }, { ...ALICE, acr: 'silver' })
    expect(reasons()).toEqual(['acr_unmet'])
  })

  it('consent_needed', async () => {
    const browser = await remembered()
    await loginWith({ prompt: 'none' }, ALICE, browser)
    expect(reasons()).toEqual(['consent_needed'])
  })
})

describe('the log names why a step of a flow goes no further', () => {
  it('flow_unknown', async () => {
    await new Browser(deployment).visit(`/oauth2/auth?client_id=${client.id}&login_verifier=forged`)
    expect(reasons()).toEqual(['flow_unknown'])
  })

  it('flow_of_other_client and flow_of_other_browser', async () => {
    const at = await new Browser(deployment).next(authorizationPath(client))
    const back = new URL(await app.decide('login', 'accept', parameter(at, 'login_challenge'), ALICE))
    await new Browser(deployment).visit(back.href)
    back.searchParams.set('client_id', 'other')
    await new Browser(deployment).visit(back.href)
    expect(reasons()).toEqual(['flow_of_other_browser', 'flow_of_other_client'])
  })

  it('flow_expired', async () => {
    const browser = await remembered()
    const at = await browser.next(authorizationPath(client, { prompt: 'none' }))
    const back = await app.decide('login', 'accept', parameter(at, 'login_challenge'), ALICE)
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 3600_000)
    await browser.visit(back)
    expect(reasons()).toEqual(['flow_expired'])
  })

  it('decision_differs', async () => {
    const browser = new Browser(deployment)
    const at = await browser.next(authorizationPath(client))
    const onward = await app.decide('login', 'accept', parameter(at, 'login_challenge'), ALICE)
    const challenge = parameter(await browser.next(onward), 'consent_challenge')
    for (const grant_scope of [['openid'], ['openid', 'offline_access']])
      await browser.visit(await app.decide('consent', 'accept', challenge, { grant_scope }))
    expect(reasons()).toEqual(['decision_differs'])
  })

  it('challenge_unknown', async () => {
    await app.get('login', 'forged')
    expect(reasons()).toEqual(['challenge_unknown'])
  })

  it('client_unknown, of a challenge whose client is gone', async () => {
    const at = await new Browser(deployment).next(authorizationPath(client))
    await deployment.admin('DELETE', `/admin/clients/${client.id}`)
    await app.get('login', parameter(at, 'login_challenge'))
    expect(reasons()).toEqual(['client_unknown'])
  })

  it.each([
    ['field_missing', { subject: '' }],
    ['field_malformed', { subject: 'x'.repeat(256) }],
    ['field_malformed', { subject: 'alice', remember: 'yes' }],
    ['body_malformed', 'no object'],
  ])('%s, of the app that decides', async (reason, body) => {
    const at = await new Browser(deployment).next(authorizationPath(client))
    const challenge = parameter(at, 'login_challenge')
    const path = `/admin/oauth2/auth/requests/login/accept?login_challenge=${challenge}`
    expect((await deployment.admin('PUT', path, body)).status).toBe(400)
    expect(reasons()).toEqual([reason])
  })
})

describe('the log names why a device is not connected', () => {
  it('user_code_unusable', async () => {
    await enterCode(deployment, new Browser(deployment), 'BBBBBBBB')
    expect(reasons()).toEqual(['user_code_unusable'])
  })

  it('user_code_guessed', async () => {
    const browser = new Browser(deployment)
    const headers = { 'cf-connecting-ip': '192.0.2.77' }
    const at = await browser.next('/oauth2/device/verify', { headers })
    const challenge = parameter(at, 'device_challenge')
    for (let tries = 0; tries < 61; tries += 1)
      await app.decide('device', 'accept', challenge, { user_code: 'BBBBBBBB' })
    expect(reasons().at(-2)).toBe('user_code_unusable')
    expect(reasons().at(-1)).toBe('user_code_guessed')
  })

  it.each([
    ['device_connected', 'yes'],
    ['device_refused', 'no'],
  ])('%s', async (reason, first) => {
    const tv = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, tv)
    const browser = new Browser(deployment)
    const atLogin = await browser.next(await enterCode(deployment, browser, device.user_code))
    const login = await app.decide('login', 'accept', parameter(atLogin, 'login_challenge'), ALICE)
    const consent = parameter(await browser.next(login), 'consent_challenge')
    const yes = await app.decide('consent', 'accept', consent, { grant_scope: ['openid'] })
    const no = await app.decide('consent', 'reject', consent)
    await browser.visit(first === 'yes' ? yes : no)
    await pollOutcome(deployment, tv, device)
    lines.length = 0
    await browser.visit(first === 'yes' ? no : yes, { headers: { accept: 'text/html' } })
    expect(reasons()).toEqual([reason])
  })

  it('device_code_expired', async () => {
    const device = await startDevice(deployment, await registerDeviceClient(deployment))
    const browser = new Browser(deployment)
    const last = await toLastHop(deployment, device, { browser })
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 601_000)
    await browser.visit(last, { headers: { accept: 'text/html' } })
    expect(reasons()).toEqual(['device_code_expired'])
  })
})

describe('the log names why a logout or a page goes no further', () => {
  it.each([
    ['logout_unfit', `post_logout_redirect_uri=${REDIRECT_URI}`],
    ['client_unregistered', `post_logout_redirect_uri=${REDIRECT_URI}&client_id=nobody`],
    ['challenge_unknown', 'logout_verifier=forged'],
  ])('%s', async (reason, query) => {
    await new Browser(deployment).visit(`/oauth2/sessions/logout?${query}`)
    expect(reasons()).toEqual([reason])
  })

  it('page_alone and page_foreign', async () => {
    await new Browser(deployment).visit('/ui/login')
    const headers = { 'sec-fetch-site': 'cross-site' }
    await new Browser(deployment).visit('/ui/login', { method: 'POST', headers, body: '' })
    expect(reasons()).toEqual(['page_alone', 'page_foreign'])
  })
})
