import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeKey, signAssertion } from '../support/assertions.ts'
import { countCalls } from '../support/bindings.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { approve, DEVICE_GRANT, poll, registerDeviceClient, startDevice } from '../support/device.ts'
import {
  authorizeAt,
  type FlowOptions,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const URL_OF_TOKEN_HOOK = 'https://hooks.example/token?tenant=1'
const URL_OF_REFRESH_HOOK = 'https://hooks.example/refresh'
const SECRET = 'the-api-key-of-the-hook'

const apiKey = (place: string): string =>
  JSON.stringify({
    url: URL_OF_TOKEN_HOOK,
    auth: { type: 'api_key', config: { in: place, name: 'X-Key', value: SECRET } },
  })

interface Call {
  readonly url: string
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

let calls: Call[]
let answer: (call: Call) => Response | Promise<Response>

beforeEach(() => {
  calls = []
  answer = () => new Response(null, { status: 204 })
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    const call = { url: request.url, headers: request.headers, body: await request.json<Call['body']>() }
    calls.push(call)
    return answer(call)
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const deploy = (settings: Readonly<Record<string, string>> = {}): Deployment =>
  new Deployment(testEnv({ OAUTH2_TOKEN_HOOK: URL_OF_TOKEN_HOOK, ...settings }))

const REPLACE = { OAUTH2_TOKEN_HOOK_CLAIMS: 'replace' }

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const claims =
  (access_token: unknown, id_token?: unknown): (() => Response) =>
  () =>
    Response.json({ session: { access_token, id_token } })

const CONSENT: FlowOptions = {
  login: { acr: 'aal1', amr: ['pwd'] },
  consent: { session: { access_token: { role: 'admin' }, id_token: { email: 'a@example.test' } } },
}

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** A client that may use only one of the scopes it asks for with an assertion for `alice`. */
async function assertionRequest(deployment: Deployment) {
  const client = await registerClient(deployment, { grant_types: [JWT_BEARER], scope: 'api.read' })
  const [key, iss] = [await makeKey(), `https://issuer.example/${crypto.randomUUID()}`]
  await trust(deployment, key, iss)
  const assertion = await signAssertion(key, { iss, sub: 'alice' })
  return { client, form: { grant_type: JWT_BEARER, assertion, scope: 'openid api.read' } }
}

async function codeOf(deployment: Deployment, client: TestClient): Promise<string> {
  return parameter(await authorizeAt(deployment, client, CONSENT), 'code')
}

describe('what a hook is told', () => {
  it('ends no later than the tokens can be refreshed', async () => {
    const deployment = deploy({ TTL_REFRESH_TOKEN_FAMILY: '10m' })
    await logIn(deployment, await registerClient(deployment), CONSENT)
    const session = calls[0]?.body['session']
    const ends = isObject(session) && isObject(session['id_token']) ? session['id_token']['expires_at'] : {}
    for (const end of Object.values(Object(ends))) {
      const left = (Date.parse(String(end)) - Date.now()) / 1000
      expect(left).toBeGreaterThan(540)
      expect(left).toBeLessThanOrEqual(600)
    }
    expect(Object.keys(Object(ends))).toEqual(['access_token', 'refresh_token'])
  })

  it('for a code: session and request', async () => {
    const deployment = deploy({ OAUTH2_REFRESH_TOKEN_HOOK: URL_OF_REFRESH_HOOK })
    const client = await registerClient(deployment)
    const tokens = await logIn(deployment, client, CONSENT)
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect(calls.map(({ url }) => url)).toEqual([URL_OF_TOKEN_HOOK])
    expect(calls[0]?.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const { sid, sub } = decodeJwt(tokens.id_token)
    expect(calls[0]?.body).toEqual({
      session: {
        id_token: {
          id_token_claims: {
            jti: '',
            iss: 'http://localhost:4444',
            sub,
            aud: [client.id],
            nonce: 'nonce-0123456789',
            exp: time,
            iat: time,
            rat: time,
            auth_time: time,
            at_hash: '',
            acr: 'aal1',
            amr: ['pwd'],
            c_hash: '',
            ext: { email: 'a@example.test', sid },
          },
          headers: { extra: { kid: expect.any(String) } },
          expires_at: { access_token: time, refresh_token: time },
          username: '',
          subject: 'alice',
        },
        extra: { role: 'admin' },
        kid: expect.any(String),
        client_id: client.id,
        consent_challenge: expect.stringMatching(/^[0-9a-f-]{36}$/),
        exclude_not_before_claim: false,
        allowed_top_level_claims: [],
        mirror_top_level_claims: true,
        preserve_ext_claims: false,
      },
      request: {
        client_id: client.id,
        requested_scopes: ['openid', 'offline_access'],
        granted_scopes: ['openid', 'offline_access'],
        granted_audience: [],
        grant_types: ['authorization_code'],
        payload: { grant_type: ['authorization_code'] },
      },
    })
    expect(JSON.stringify(calls)).not.toMatch(/ory_ac_|code_verifier/)
  })

  it('for a refresh: the older hook first, the token hook with what it changed', async () => {
    const deployment = deploy({ OAUTH2_REFRESH_TOKEN_HOOK: URL_OF_REFRESH_HOOK })
    const client = await registerClient(deployment)
    const { refresh_token } = await logIn(deployment, client, CONSENT)
    calls = []
    answer = ({ url }) =>
      url === URL_OF_REFRESH_HOOK ? claims({ role: 'user' })() : new Response(null, { status: 204 })
    const tokens = await bodyOf(await refresh(deployment, client, refresh_token))
    expect(calls.map(({ url }) => url)).toEqual([URL_OF_REFRESH_HOOK, URL_OF_TOKEN_HOOK])
    const common = {
      client_id: client.id,
      granted_scopes: ['openid', 'offline_access'],
      granted_audience: [],
    }
    expect(calls[0]?.body).toMatchObject({
      subject: 'alice',
      session: { extra: { role: 'admin' } },
      requester: { ...common, grant_types: ['refresh_token'] },
      ...common,
    })
    expect(calls[1]?.body).toMatchObject({
      session: { extra: { role: 'user' } },
      request: { ...common, grant_types: ['refresh_token'], payload: { grant_type: ['refresh_token'] } },
    })
    expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({
      ext: { role: 'user' },
    })
  })

  it('of a repeated scope only the first, which is the one that counts', async () => {
    const deployment = deploy()
    const { id, secret } = await registerClient(deployment)
    const body = 'grant_type=client_credentials&scope=api.read&scope=email&scope=api.read'
    const headers = {
      authorization: `Basic ${btoa(`${id}:${secret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
    }
    expect((await deployment.fetch('/oauth2/token', { method: 'POST', body, headers })).status).toBe(200)
    expect(calls[0]?.body).toMatchObject({
      request: { requested_scopes: ['api.read'], payload: { scope: ['api.read'] } },
    })
  })

  it('of a client_id beside Basic only the client that authenticated', async () => {
    const deployment = deploy()
    const [client, other] = [await registerClient(deployment), await registerClient(deployment)]
    const form = { grant_type: 'client_credentials', client_id: other.id }
    const answer = await bodyOf(await tokenRequest(deployment, client, form))
    expect(await deployment.introspect(String(answer['access_token']))).toMatchObject({
      client_id: client.id,
    })
    expect(calls[0]?.body).toMatchObject({
      request: { client_id: client.id, payload: { client_id: [client.id] } },
    })
  })

  it('for client_credentials: the client is the subject', async () => {
    const deployment = deploy()
    const client = await registerClient(deployment)
    const form = { grant_type: 'client_credentials', scope: 'api.read', audience: 'https://api.example' }
    expect((await tokenRequest(deployment, client, form)).status).toBe(200)
    expect(calls[0]?.body).toMatchObject({
      session: { id_token: { subject: client.id }, extra: {}, client_id: client.id, consent_challenge: '' },
      request: {
        granted_scopes: ['api.read'],
        granted_audience: ['https://api.example'],
        grant_types: ['client_credentials'],
        payload: { grant_type: ['client_credentials'], scope: ['api.read'] },
      },
    })
  })

  it('for an assertion: its subject, what was asked for and what the client may have', async () => {
    const deployment = deploy({ OAUTH2_REFRESH_TOKEN_HOOK: URL_OF_REFRESH_HOOK })
    const { client, form } = await assertionRequest(deployment)
    expect((await tokenRequest(deployment, client, form)).status).toBe(200)
    expect(calls.map(({ url }) => url)).toEqual([URL_OF_TOKEN_HOOK])
    expect(calls[0]?.body).toMatchObject({
      session: { id_token: { subject: 'alice' }, extra: {}, client_id: client.id },
      request: {
        requested_scopes: ['openid', 'api.read'],
        granted_scopes: ['api.read'],
        grant_types: [JWT_BEARER],
        payload: { grant_type: [JWT_BEARER], assertion: [form.assertion], scope: ['openid api.read'] },
      },
    })
  })

  it('for a device: the session its user consented to', async () => {
    const deployment = deploy({ OAUTH2_REFRESH_TOKEN_HOOK: URL_OF_REFRESH_HOOK })
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    await approve(deployment, device, { consent: CONSENT.consent ?? {} })
    expect((await poll(deployment, client, device)).status).toBe(200)
    expect(calls.map(({ url }) => url)).toEqual([URL_OF_TOKEN_HOOK])
    expect(calls[0]?.body).toMatchObject({
      session: { id_token: { subject: 'alice' }, extra: { role: 'admin' } },
      request: { grant_types: [DEVICE_GRANT], payload: { grant_type: [DEVICE_GRANT] } },
    })
    expect(JSON.stringify(calls)).not.toContain('ory_dc_')
  })

  it.each([
    ['header', 'x-key', SECRET],
    ['cookie', 'cookie', `X-Key=${SECRET}`],
  ])('with its API key in a %s', async (place, header, value) => {
    const deployment = deploy({ OAUTH2_TOKEN_HOOK: apiKey(place) })
    const client = await registerClient(deployment)
    await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
    expect(calls[0]?.headers.get(header)).toBe(value)
  })

  it('is nothing where the request is refused anyway', async () => {
    const deployment = deploy({ OAUTH2_REFRESH_TOKEN_HOOK: URL_OF_REFRESH_HOOK })
    const client = await registerClient(deployment)
    const other = await registerClient(deployment)
    const { refresh_token } = await logIn(deployment, client)
    const code = await codeOf(deployment, client)
    calls = []
    const statuses = [
      await redeem(deployment, other, code),
      await redeem(deployment, client, 'ory_ac_x.y'),
      await refresh(deployment, other, refresh_token),
      await tokenRequest(deployment, client, { grant_type: 'client_credentials', scope: 'foreign' }),
    ].map(({ status }) => status)
    expect([statuses, calls]).toEqual([[400, 400, 400, 400], []])
  })
})

describe.each(['opaque', 'jwt'])('a 200, %s access tokens', (access_token_strategy) => {
  it.each<readonly [string, unknown, object, object]>([
    ['other claims', { access_token: { n: 1 }, id_token: { n: 1 } }, { n: 1 }, { n: 1 }],
    ['claims of the same names', { access_token: { role: 'x' }, id_token: { email: 'x' } }, {}, {}],
    ['one kind only', { access_token: { n: 1 } }, { n: 1 }, {}],
    ['none', undefined, {}, {}],
  ])('of %s joins the claims of the consent, which win', async (_name, session, ext, idClaims) => {
    const deployment = deploy()
    const client = await registerClient(deployment, { access_token_strategy })
    answer = () => Response.json({ session })
    const tokens = await logIn(deployment, client, CONSENT)
    const { ext: given } = await deployment.introspect(tokens.access_token)
    expect(given).toEqual({ role: 'admin', ...ext })
    const { email, n } = decodeJwt(tokens.id_token)
    expect({ email, n }).toEqual({ email: 'a@example.test', n: undefined, ...idClaims })
    answer = () => new Response(null, { status: 204 })
    const next = await bodyOf(await refresh(deployment, client, tokens.refresh_token))
    expect(await deployment.introspect(String(next['access_token']))).toMatchObject({ ext: given })
    answer = () => Response.json({ session })
    const last = await bodyOf(await refresh(deployment, client, String(next['refresh_token'])))
    const replaced = isObject(session) && isObject(session['access_token']) ? session['access_token'] : {}
    expect((await deployment.introspect(String(last['access_token'])))['ext'] ?? {}).toEqual(replaced)
  })

  it('replaces the claims where that is set, keeps sid, and is seen by the next refresh', async () => {
    const deployment = deploy(REPLACE)
    const client = await registerClient(deployment, { access_token_strategy })
    answer = claims({ role: 'hooked' }, { plan: 'gold', sid: 'stolen', sub: 'mallory' })
    const tokens = await logIn(deployment, client, CONSENT)
    expect(await deployment.introspect(tokens.access_token)).toMatchObject({ ext: { role: 'hooked' } })
    const idToken = decodeJwt(tokens.id_token)
    expect(idToken).toMatchObject({
      plan: 'gold',
      sub: 'alice',
      sid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(idToken).not.toHaveProperty('email')
    answer = () => new Response(null, { status: 204 })
    const next = await bodyOf(await refresh(deployment, client, tokens.refresh_token))
    expect(calls.at(-1)?.body).toMatchObject({ session: { extra: { role: 'hooked' } } })
    expect(decodeJwt(String(next['id_token']))).toMatchObject({ plan: 'gold', sid: idToken['sid'] })
    const userinfo = await deployment.fetch('/userinfo', {
      headers: { authorization: `Bearer ${next['access_token']}` },
    })
    expect(await bodyOf(userinfo)).toMatchObject({ plan: 'gold' })
  })

  it('empties what it leaves out where it replaces, and the consent stays as it was given', async () => {
    const deployment = deploy(REPLACE)
    const client = await registerClient(deployment, { access_token_strategy })
    answer = claims({ role: 'hooked' })
    const subject = crypto.randomUUID()
    const tokens = await logIn(deployment, client, { ...CONSENT, login: { subject } })
    expect(decodeJwt(tokens.id_token)).not.toHaveProperty('email')
    const consents = await deployment.admin('GET', `/admin/oauth2/auth/sessions/consent?subject=${subject}`)
    expect(await consents.json()).toMatchObject([
      { session: { access_token: { role: 'admin' }, id_token: { email: 'a@example.test' } } },
    ])
    answer = () => Response.json({})
    const next = await bodyOf(await refresh(deployment, client, tokens.refresh_token))
    expect(await deployment.introspect(String(next['access_token']))).not.toHaveProperty('ext.role')
  })

  it('gives claims to a client of its own', async () => {
    const deployment = deploy()
    const client = await registerClient(deployment, { access_token_strategy })
    answer = claims({ tenant: 't1' })
    const { access_token } = await bodyOf(
      await tokenRequest(deployment, client, { grant_type: 'client_credentials' }),
    )
    expect(await deployment.introspect(String(access_token))).toMatchObject({
      active: true,
      sub: client.id,
      ext: { tenant: 't1' },
    })
    if (access_token_strategy === 'jwt')
      expect(decodeJwt(String(access_token))).toMatchObject({ ext: { tenant: 't1' } })
  })
})

describe('a 200 for grants without a browser', () => {
  it('gives claims to the token of an assertion', async () => {
    const deployment = deploy()
    const { client, form } = await assertionRequest(deployment)
    answer = claims({ tenant: 't2' })
    const { access_token } = await bodyOf(await tokenRequest(deployment, client, form))
    expect(await deployment.introspect(String(access_token))).toMatchObject({
      sub: 'alice',
      ext: { tenant: 't2' },
    })
  })

  it('gives claims to the tokens of a device', async () => {
    const deployment = deploy()
    const client = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, client)
    await approve(deployment, device)
    answer = claims({ tenant: 't3' }, { plan: 'tv' })
    const tokens = await bodyOf(await poll(deployment, client, device))
    expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({
      ext: { tenant: 't3' },
    })
    expect(decodeJwt(String(tokens['id_token']))).toMatchObject({ sub: 'alice', plan: 'tv' })
  })
})

/** An answer with a value in JSON that would not go out as it came in. */
const inexact = (value: string): Response => new Response(`{"session":{"id_token":{"a":[${value}]}}}`)

describe('a refusal or failure', () => {
  const failures: readonly [string, number, string, () => Response | Promise<Response>][] = [
    ['403', 403, 'access_denied', () => new Response('no', { status: 403 })],
    ['400', 500, 'server_error', () => new Response('no', { status: 400 })],
    ['500', 500, 'server_error', () => new Response('no', { status: 500 })],
    [
      'a redirect',
      500,
      'server_error',
      () => new Response(null, { status: 302, headers: { location: 'https://x.example' } }),
    ],
    ['a 200 without JSON', 500, 'server_error', () => new Response('ok')],
    ['a 200 of another shape', 500, 'server_error', () => Response.json({ session: { access_token: 'x' } })],
    ['a 200 that is an array', 500, 'server_error', () => Response.json([])],
    ['claims too deep', 500, 'server_error', () => Response.json(JSON.parse(deep(40)))],
    ['a number that no double holds', 500, 'server_error', () => inexact('12345678901234567890')],
    ['a number beyond all doubles', 500, 'server_error', () => inexact('1e400')],
    ['half of a character', 500, 'server_error', () => inexact('"\\ud800"')],
    ['too large an answer', 500, 'server_error', () => new Response('x'.repeat(1024 * 1024 + 1))],
    ['no connection', 500, 'server_error', () => Promise.reject(new TypeError('connection refused'))],
    [
      'no answer in time',
      500,
      'server_error',
      () => Promise.reject(new DOMException('late', 'TimeoutError')),
    ],
  ]

  it.each(failures)(
    '%s: nothing is issued, and the code and token are as before',
    async (_n, status, error, fail) => {
      const deployment = deploy()
      const client = await registerClient(deployment)
      const code = await codeOf(deployment, client)
      answer = fail
      const refused = await redeem(deployment, client, code)
      expect([refused.status, (await bodyOf(refused))['error']]).toEqual([status, error])
      const own = await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
      expect([own.status, (await bodyOf(own))['error']]).toEqual([status, error])
      answer = () => new Response(null, { status: 204 })
      const tokens = await bodyOf(await redeem(deployment, client, code))
      answer = fail
      expect((await refresh(deployment, client, String(tokens['refresh_token']))).status).toBe(status)
      expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({
        active: true,
        ext: { role: 'admin' },
      })
      answer = () => new Response(null, { status: 204 })
      expect((await refresh(deployment, client, String(tokens['refresh_token']))).status).toBe(200)
    },
  )

  it('spends neither the assertion nor the device code', async () => {
    const deployment = deploy()
    const { client, form } = await assertionRequest(deployment)
    const deviceClient = await registerDeviceClient(deployment)
    const device = await startDevice(deployment, deviceClient)
    await approve(deployment, device)
    const ask = async (): Promise<readonly number[]> => [
      (await tokenRequest(deployment, client, form)).status,
      (await poll(deployment, deviceClient, device)).status,
    ]
    answer = () => new Response('no', { status: 403 })
    expect(await ask()).toEqual([403, 403])
    answer = () => new Response(null, { status: 204 })
    expect(await ask()).toEqual([200, 200])
  })

  it('gives no token that would have to carry too much', async () => {
    const deployment = deploy()
    const { client, form } = await assertionRequest(deployment)
    answer = claims({ long: 'x'.repeat(9000) })
    const response = await tokenRequest(deployment, client, form)
    expect([response.status, (await bodyOf(response))['error']]).toEqual([500, 'server_error'])
    answer = () => new Response(null, { status: 204 })
    expect((await tokenRequest(deployment, client, form)).status).toBe(200)
  })

  it('is tried once more where that may help, and bounded in time', async () => {
    const deployment = deploy()
    const client = await registerClient(deployment)
    let tries = 0
    answer = () => {
      tries += 1
      return new Response(null, { status: tries === 1 ? 502 : 204 })
    }
    const response = await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
    expect([response.status, tries]).toEqual([200, 2])
    expect(vi.mocked(fetch).mock.calls[0]?.[1]?.signal).toBeInstanceOf(AbortSignal)
    expect(vi.mocked(fetch).mock.calls[0]?.[1]?.redirect).toBe('manual')
  })

  it('is logged without address, key, or what the hook said', async () => {
    const lines = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const deployment = deploy({ OAUTH2_TOKEN_HOOK: apiKey('header') })
    const client = await registerClient(deployment)
    answer = () => new Response('inner-detail', { status: 418 })
    const response = await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
    const logged = JSON.stringify(lines.mock.calls) + (await response.text())
    expect(logged).toContain('hook.failed')
    expect(logged).toContain('418')
    for (const hidden of [SECRET, 'inner-detail', '/token?', 'tenant=1']) expect(logged).not.toContain(hidden)
  })
})

describe('between reading and committing', () => {
  it('a grant revoked while the hook thinks gives nothing', async () => {
    const deployment = deploy()
    const client = await registerClient(deployment)
    const code = await codeOf(deployment, client)
    answer = async () => {
      await deployment.admin('DELETE', '/admin/oauth2/auth/sessions/consent?subject=alice&all=true')
      return claims({ role: 'late' })()
    }
    const response = await redeem(deployment, client, code)
    expect([response.status, (await bodyOf(response))['error']]).toEqual([400, 'invalid_grant'])
  })

  it('a code still has one winner, and its second use revokes', async () => {
    const deployment = deploy()
    const client = await registerClient(deployment)
    const code = await codeOf(deployment, client)
    const answers = await Promise.all([1, 2, 3].map(() => redeem(deploy(), client, code)))
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([200, 400, 400])
    const winner = answers.find(({ status }) => status === 200)
    const { access_token } = await bodyOf(winner ?? new Response('{}'))
    expect(await deployment.introspect(String(access_token))).toEqual({ active: false })
  })

  it('refreshes at once share one successor and the claims of the first', async () => {
    const deployment = deploy()
    const client = await registerClient(deployment)
    const { refresh_token } = await logIn(deployment, client)
    let asked = 0
    answer = () => {
      asked += 1
      return claims({ turn: asked })()
    }
    const answers = await Promise.all([1, 2, 3].map(() => refresh(deploy(), client, refresh_token)))
    const bodies = await Promise.all(answers.map(bodyOf))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(new Set(bodies.map((body) => body['refresh_token'])).size).toBe(1)
    const before = asked
    const late = await refresh(deployment, client, refresh_token)
    expect([late.status, asked]).toEqual([200, before])
  })

  it('costs two hops, and one without a hook for this grant', async () => {
    // Copies of clients and keys, whose renewal is no part of this, do not age.
    vi.useFakeTimers({ toFake: ['Date'] })
    const counted = countCalls(
      testEnv({ OAUTH2_REFRESH_TOKEN_HOOK: URL_OF_REFRESH_HOOK, GRANTS_BOOK: 'off' }),
    )
    const deployment = new Deployment(counted.env)
    const client = await registerClient(deployment)
    await logIn(deployment, client)
    const code = await codeOf(deployment, client)
    counted.reset()
    const { refresh_token } = await bodyOf(await redeem(deployment, client, code))
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 1 })
    counted.reset()
    await refresh(deployment, client, String(refresh_token))
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 2 })
  })
})

function deep(levels: number): string {
  return `{"session":{"access_token":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}}`
}
