import { createExecutionContext } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bindingApp } from '../../src/app.ts'
import type { Env } from '../../src/env.ts'
import { aroundD1, dropAnswers, varyLedger } from '../support/bindings.ts'
import { ADMIN_KEY, Browser, Deployment, testEnv } from '../support/deployment.ts'
import { poll, registerDeviceClient, startDevice } from '../support/device.ts'
import { withOutage } from '../support/outage.ts'
import {
  authorizationPath,
  authorizeAt,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  tokenRequest,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const REGISTERING = { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }
const KEYED = { authorization: `Bearer ${ADMIN_KEY}` }
const LOGIN = '/admin/oauth2/auth/requests/login'
let lines: string[]

beforeEach(() => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line: unknown) => {
    lines.push(String(line))
  })
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

const form = (body: string): Promise<Response> =>
  deployment.fetch('/oauth2/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body,
  })

const get = (path: string, headers: HeadersInit = {}, at = deployment): Promise<Response> =>
  at.fetch(path, { headers })

const trust = (body: object): Promise<Response> =>
  deployment.admin('POST', '/admin/trust/grants/jwt-bearer/issuers', body)

async function patch(...operations: readonly object[]): Promise<void> {
  const { id } = await registerClient(deployment)
  await deployment.admin('PATCH', `/admin/clients/${id}`, operations)
}

async function accessToken(): Promise<{ readonly bearer: HeadersInit; readonly clientId: string }> {
  const client = await registerClient(deployment)
  const response = await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
  const { access_token: token } = await response.json<{ access_token: string }>()
  return { bearer: { authorization: `Bearer ${token}` }, clientId: client.id }
}

const credential = async (body: object): Promise<Response> => {
  const { bearer } = await accessToken()
  const asked = JSON.stringify({ format: 'jwt_vc_json', ...body })
  return deployment.fetch('/credentials', { method: 'POST', headers: bearer, body: asked })
}

async function registerDevice(): Promise<string> {
  const { id } = await registerClient(deployment, {
    token_endpoint_auth_method: 'none',
    grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
  })
  return id
}

const withKey = (key: string, settings: Readonly<Record<string, string>>): Promise<Response> =>
  get('/admin/clients', { authorization: `Bearer ${key}` }, new Deployment(testEnv(settings)))

type Row = readonly [reason: string, send: () => Promise<unknown>]

const LISTED: readonly Row[] = [
  ['parameter_missing', () => form('a=b')],
  ['parameter_repeated', () => form('grant_type=a&grant_type=b')],
  ['parameter_malformed', () => deployment.admin('GET', '/admin/clients?page_size=x')],
  ['parameters_conflict', () => deployment.admin('GET', '/admin/clients?limit=1&page_size=1')],
  ['request_too_long', () => get(`/oauth2/device/verify?a=${'x'.repeat(9000)}`)],
  ['too_many_parameters', () => form('a=&'.repeat(200))],
  ['body_empty', () => form('')],
  ['body_too_large', () => form('x'.repeat(70_000))],
  ['body_malformed', () => trust([])],
  [
    'field_missing',
    async () => {
      const at = await new Browser(deployment).next(authorizationPath(await registerClient(deployment), {}))
      const challenge = parameter(at, 'login_challenge')
      await deployment.admin('PUT', `${LOGIN}/accept?login_challenge=${challenge}`, {})
    },
  ],
  ['field_malformed', () => trust({})],
  ['fields_conflict', () => trust({ issuer: 'x', subject: 'x', allow_any_subject: true })],
  ['field_reserved', () => patch({ op: 'replace', path: '/client_id', value: 'x' })],
  ['patch_unusable', () => patch({ op: 'remove', path: '/nothing' })],
  [
    'too_many_fields',
    () => {
      const members = Array.from({ length: 1000 }, (_, at) => [`m${at}`, 1])
      return deployment.admin('POST', '/admin/clients', Object.fromEntries(members))
    },
  ],
  ['host_foreign', () => get('https://elsewhere.example/health/alive')],
  ['token_missing', () => get('/userinfo')],
  ['token_unknown', () => get('/userinfo', { authorization: 'Bearer x' })],
  [
    'token_expired',
    async () => {
      const { bearer } = await accessToken()
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7_200_000 })
      await get('/userinfo', bearer)
    },
  ],
  [
    'token_inactive',
    async () => {
      const { bearer, clientId } = await accessToken()
      await deployment.admin('DELETE', `/admin/clients/${clientId}`)
      await get('/userinfo', bearer)
    },
  ],
  [
    'token_without_subject',
    async () => {
      const { bearer } = await accessToken()
      await get('/userinfo', bearer, new Deployment(testEnv({ OIDC_CLAIMS_BY_SCOPE: 'true' })))
    },
  ],
  ['holder_proof_missing', () => credential({})],
  ['proof_unfit', () => credential({ proof: { proof_type: 'jwt', jwt: 'no.jwt.' } })],
  ['api_key_missing', () => get('/admin/clients')],
  ['api_key_unknown', () => withKey('other', {})],
  [
    'api_key_scope',
    () => withKey('some-key-of-some-length', { ADMIN_API_KEYS: 'keys:some-key-of-some-length' }),
  ],
  [
    'binding_scope',
    async () => {
      const request = new Request('https://ladon/admin/clients')
      await bindingApp('AdminFlows').fetch(request, testEnv(), createExecutionContext())
    },
  ],
  [
    'admin_closed',
    () =>
      get(
        '/admin/clients',
        { 'sec-fetch-site': 'cross-site' },
        new Deployment(testEnv({ ADMIN_AUTH: 'open' })),
      ),
  ],
  ['scope_malformed', () => form('grant_type=client_credentials&scope=a%09b')],
  ['registration_off', () => deployment.fetch('/oauth2/register', { method: 'POST', body: '{}' })],
  ['registration_token_missing', () => get('/oauth2/register/x', {}, new Deployment(testEnv(REGISTERING)))],
  [
    'registration_token_unfit',
    () => get('/oauth2/register/x', { authorization: 'Bearer x' }, new Deployment(testEnv(REGISTERING))),
  ],
  [
    'user_codes_taken',
    async () => {
      const id = await registerDevice()
      const env = varyLedger(testEnv(), { openDevice: () => Promise.resolve({ opened: false }) })
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const body = `client_id=${id}`
      await new Deployment(env).fetch('/oauth2/device/auth', { method: 'POST', headers, body })
    },
  ],
  ['path_unknown', () => get('/nothing/here')],
  ['method_unknown', () => deployment.admin('PUT', '/admin/clients')],
  ['method_unknown', () => get('/oauth2/token')],
  ['path_near', () => get('/oauth2/tokn')],
  [
    'json_malformed',
    () => deployment.fetch('/admin/clients', { method: 'POST', headers: KEYED, body: '{"scope":}' }),
  ],
  [
    'grant_too_old',
    async () => {
      const client = await registerClient(deployment)
      const { refresh_token } = await logIn(deployment, client)
      const env = varyLedger(testEnv(), { refresh: () => Promise.resolve({ status: 'gone' }) })
      await refresh(new Deployment(env), client, refresh_token)
    },
  ],
  [
    'offline_not_granted',
    async () => {
      const client = await registerClient(deployment)
      const { refresh_token } = await logIn(deployment, client)
      const env = varyLedger(testEnv(), { refresh: () => Promise.resolve({ status: 'offline_not_granted' }) })
      await refresh(new Deployment(env), client, refresh_token)
    },
  ],
  ...(
    [
      ['ledger_unreachable', false],
      ['ledger_failed', true],
    ] as const
  ).map(
    ([reason, remote]): Row => [
      reason,
      async () => {
        const client = await registerClient(deployment)
        const { refresh_token } = await logIn(deployment, client)
        const dropped = { method: 'refresh', times: 9, retryable: false, remote }
        await refresh(new Deployment(dropAnswers(testEnv(), dropped)), client, refresh_token)
      },
    ],
  ),
  [
    'device_request_gone',
    async () => {
      const client = await registerDeviceClient(deployment)
      const started = await startDevice(deployment, client)
      const env = varyLedger(testEnv(), { pollDevice: () => Promise.resolve({ status: 'gone' }) })
      await poll(new Deployment(env), client, started)
    },
  ],
  [
    'password_wrong',
    async () => {
      const client = await registerClient(deployment)
      const browser = new Browser(deployment)
      const login = await browser.next(authorizationPath(client))
      const body = new URLSearchParams({ username: 'demo', password: 'other' })
      expect((await browser.visit(login.href, { method: 'POST', body })).status).toBe(422)
    },
  ],
  ['entry_unknown', () => deployment.admin('GET', '/admin/clients/nobody')],
  [
    'entry_exists',
    async () => {
      const key = { alg: 'ES256', kid: 'one' }
      await deployment.admin('POST', '/admin/keys/some-set', key)
      await deployment.admin('POST', '/admin/keys/some-set', key)
    },
  ],
  ['key_unusable', () => deployment.admin('PUT', '/admin/keys/some-set', { keys: [{ kty: 'oct' }] })],
  ['setting_unusable', () => get('/health/alive', {}, new Deployment(testEnv({ TTL_ID_TOKEN: 'soon' })))],
  [
    'not_ready',
    async () => {
      const outage = withOutage(testEnv())
      outage.down = true
      const response = await new Deployment(outage.env).fetch('/health/ready')
      expect(await response.json()).toMatchObject({
        errors: { d1: 'does not answer', kv: 'does not answer' },
      })
    },
  ],
  [
    'storage_unreachable',
    () => {
      const outage = withOutage(testEnv())
      outage.down = true
      return new Deployment(outage.env).admin('GET', '/admin/clients')
    },
  ],
]

describe('the log names why a request was refused', () => {
  it.each(LISTED)('%s', async (reason, send) => {
    await send()
    expect(reasons()).toEqual([reason])
  })
})

/** A file of the static assets, which this stands in for. */
const asset = (answer: () => Promise<Response>): Promise<Response> =>
  get('/openapi.json', {}, new Deployment(testEnv({ ASSETS: { fetch: answer } })))

/** An Env in which others change every client before each call of D1. */
function contended(): Env {
  const { DB } = testEnv()
  const others = aroundD1(DB, async (_method, call) => {
    await DB.prepare('UPDATE clients SET version = version + 1').run()
    return call()
  })
  return testEnv({ DB: others })
}

const damage = (statement: string, ...values: readonly string[]): Promise<unknown> =>
  testEnv()
    .DB.prepare(statement)
    .bind(...values)
    .run()

const TROUBLE: readonly Row[] = [
  [
    'client_contended',
    async () => {
      const { id } = await registerClient(deployment)
      vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined)
      const patched = [{ op: 'replace', path: '/owner', value: 'x' }]
      await new Deployment(contended()).admin('PATCH', `/admin/clients/${id}`, patched)
    },
  ],
  [
    'stored_unreadable',
    async () => {
      const { id } = await registerClient(deployment, { client_name: 'Damaged' })
      await damage("UPDATE clients SET metadata = '5' WHERE id = ?", id)
      await deployment.admin('GET', '/admin/clients?client_name=Damaged')
    },
  ],
  [
    'keys_unopened',
    async () => {
      await deployment.admin('POST', '/admin/keys/damaged', { alg: 'ES256' })
      await damage(`UPDATE json_web_keys SET private_sealed = 'x.y' WHERE "set" = ?`, 'damaged')
      await deployment.admin('GET', '/admin/keys/damaged')
    },
  ],
  [
    'key_unavailable',
    async () => {
      const key = { alg: 'ES384', kid: 'gone' }
      await deployment.admin('POST', '/admin/keys/hydra.openid.id-token', key)
      const client = await registerClient(deployment, { id_token_signed_response_alg: 'ES384' })
      const code = parameter(await authorizeAt(deployment, client), 'code')
      await deployment.admin('DELETE', '/admin/keys/hydra.openid.id-token/gone')
      await redeem(new Deployment(), client, code)
    },
  ],
  [
    'load_slow',
    async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      const answer = asset(() => new Promise(() => undefined))
      await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0))
      await vi.advanceTimersByTimeAsync(3_000)
      await answer
    },
  ],
  ['unexpected', () => asset(() => Promise.reject(new TypeError('secret detail')))],
]

describe('the log names what is wrong with the server', () => {
  it.each(TROUBLE)('%s', async (reason, send) => {
    await send()
    expect(reasons()).toEqual([reason])
    expect(lines.join()).not.toContain('secret detail')
  })
})
