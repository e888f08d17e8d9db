import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Browser, bodyOf, Deployment, testEnv } from '../../support/deployment.ts'
import { approve, DEVICE_GRANT, poll, startDevice } from '../../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  authorizedForm,
  LoginApp,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
} from '../../support/relying-party.ts'

const BACK = 'https://app.example/back'
const FRONT = 'https://app.example/front'
const SETTINGS = {
  OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
  OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a-salt-of-the-operator',
  OIDC_SESSION_MANAGEMENT: 'true',
}

let deployment: Deployment
/** All that the client got to see. */
let seen: string[]

beforeEach(() => {
  deployment = new Deployment(testEnv(SETTINGS))
  seen = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    seen.push(await textOf(new Request(input, init)))
    return new Response(null, { status: 204 })
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

const textOf = async (body: Response | Request): Promise<string> =>
  new TextDecoder().decode(await body.arrayBuffer())

/** Keeps an answer with all that can be read of it, and passes it on. */
async function see(response: Response): Promise<Response> {
  seen.push(JSON.stringify([...response.headers]), await textOf(response.clone()))
  return response
}

/** Keeps where a browser was sent. */
function seeAt(url: URL): URL {
  seen.push(url.href)
  return url
}

/** Every text, and what it reads as when it is unescaped or decoded. */
function readable(): string {
  const plain = seen.flatMap((text) => [text, decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'))])
  const parts = plain.flatMap((text) => text.match(/[A-Za-z0-9_-]{16,}/g) ?? [])
  const decoded = parts.map((part) => Buffer.from(part, 'base64url').toString('utf8'))
  return [...plain, ...decoded].join('\n')
}

/** The forms in which a subject, or the name that its ledger has for it, could be written. */
function formsOf(subject: string): readonly string[] {
  const digest = createHash('sha256').update(subject).digest()
  return [
    subject,
    encodeURIComponent(subject),
    new URLSearchParams([['', subject]]).toString().slice(1),
    JSON.stringify(subject).slice(1, -1),
    Buffer.from(subject).toString('hex'),
    digest.toString('hex'),
    digest.toString('base64url'),
  ]
}

const registerPairwise = (strategy: string): Promise<TestClient> =>
  registerClient(deployment, {
    subject_type: 'pairwise',
    access_token_strategy: strategy,
    userinfo_signed_response_alg: strategy === 'jwt' ? 'RS256' : 'none',
    grant_types: ['authorization_code', 'refresh_token', 'implicit', DEVICE_GRANT],
    response_types: ['code', 'code id_token token'],
    backchannel_logout_uri: BACK,
    frontchannel_logout_uri: FRONT,
    frontchannel_logout_session_required: true,
  })

/** Everything that a client can do with the tokens of a user. */
async function useTokens(client: TestClient, tokens: Record<string, unknown>): Promise<void> {
  for (const name of ['access_token', 'refresh_token']) {
    const token = String(tokens[name])
    await see(await authorizedForm(deployment, '/oauth2/introspect', client, { token }))
    await see(await deployment.fetch('/userinfo', { headers: { authorization: `Bearer ${token}` } }))
  }
  await see(await refresh(deployment, client, 'ory_rt_none'))
}

/** A client, alone or with a browser of its own, at every page that an ID token or a code of the user opens. */
async function visitPages(client: TestClient, hint: string): Promise<void> {
  const paths = [
    `/oauth2/sessions/logout?id_token_hint=${hint}`,
    `/oauth2/sessions/logout?id_token_hint=${hint}&state=s`,
    authorizationPath(client, { id_token_hint: hint, prompt: 'none' }),
    authorizationPath(client, { id_token_hint: hint }),
    authorizationPath(client, { id_token_hint: hint, redirect_uri: 'https://evil.example/' }),
    `/oauth2/auth?client_id=${client.id}&id_token_hint=${hint}`,
    '/oauth2/sessions/check',
  ]
  for (const path of paths) {
    const visitor = new Browser(deployment)
    const first = await see(await visitor.visit(path))
    const location = first.headers.get('location')
    if (location?.startsWith('http://localhost') === true) await see(await visitor.visit(location))
  }
}

async function live(subject: string, strategy: string): Promise<void> {
  const client = await registerPairwise(strategy)
  const browser = new Browser(deployment)
  const login = { subject, remember: true }
  const consent = { session: { access_token: { user: subject }, id_token: { plan: 'gold' } } }
  const at = seeAt(await authorizeAt(deployment, client, { browser, login, consent }))
  const first = await see(await redeem(deployment, client, parameter(at, 'code')))
  const tokens = await bodyOf(first)
  await useTokens(client, tokens)
  const renewed = await see(await refresh(deployment, client, String(tokens['refresh_token'])))
  await useTokens(client, await bodyOf(renewed))
  const request = { response_type: 'code id_token token' }
  seeAt(await authorizeAt(deployment, client, { browser, request, login, consent }))
  const device = await startDevice(deployment, client)
  seen.push(JSON.stringify(device))
  await see(await approve(deployment, device, { login, consent }))
  await see(await poll(deployment, client, device))
  const hint = String(tokens['id_token'])
  await visitPages(client, hint)
  seeAt(await browser.next(authorizationPath(client, { prompt: 'none', login_hint: 'x', max_age: '0' })))
  await see(await redeem(deployment, client, parameter(at, 'code')))
  await see(await revoke(deployment, client, String(tokens['access_token'])))
  const atLogout = await browser.next(`/oauth2/sessions/logout?id_token_hint=${hint}`)
  const app = new LoginApp(deployment)
  const last = await app.decide('logout', 'accept', parameter(atLogout, 'logout_challenge'))
  await see(await browser.visit(last))
  await useTokens(client, tokens)
}

/** What shows that the client really got that far. */
const EVERYTHING = [
  ...['"sub"', '"ext"', '"obfuscated_subject"', 'refresh_token', 'session_state', 'logout_token='],
  ...['Log out?', '#code=', '&id_token=', '"device_code"', 'error=login_required', FRONT],
]

// Long enough that no chance makes one out of random bytes; every script, quotes, spaces and signs of URLs.
const subjects = fc
  .string({ unit: 'grapheme', minLength: 10, maxLength: 60 })
  .filter((text) => text.isWellFormed() && !/\p{C}/u.test(text) && new Set(text).size > 5)

it.each(['opaque', 'jwt'])(
  'no byte that a pairwise client can fetch holds the subject, with %s tokens',
  async (strategy) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.emailAddress(), subjects), async (subject) => {
        seen.length = 0
        await live(subject, strategy)
        const text = readable()
        expect(seen.length).toBeGreaterThan(50)
        for (const part of EVERYTHING) expect(text).toContain(part)
        expect(formsOf(subject).filter((form) => text.includes(form))).toEqual([])
      }),
      { numRuns: 6, endOnFailure: true },
    )
  },
)
