import { afterEach, describe, expect, it, vi } from 'vitest'
import { explain, type Facts, type Reason } from '../../src/errors/reasons.ts'
import { assertionFields, makeKey, signAssertion } from '../support/assertions.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { approve, enterCode, poll, registerDeviceClient, startDevice } from '../support/device.ts'
import { LogLines } from '../support/log-lines.ts'
import {
  authorizeAt,
  authorizedForm,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
  tokenRequest,
  VERIFIER,
} from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const deployment = new Deployment()
const log = new LogLines()

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const HOUR_MS = 3_600_000
const key = await makeKey()

type Fields = Readonly<Record<string, string>>
type Row = readonly [reason: Reason, how: string, ask: () => Promise<Response>]

const later = (ms: number): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
}

afterEach(() => {
  vi.useRealTimers()
})

const form = (fields: Fields, headers: Fields = {}): Promise<Response> =>
  deployment.form('/oauth2/token', { grant_type: 'client_credentials', ...fields }, headers)

const codeOf = async (client: TestClient): Promise<string> =>
  parameter(await authorizeAt(deployment, client), 'code')

const exchange = (client: TestClient, code: string, changes: Fields = {}): Promise<Response> =>
  tokenRequest(deployment, client, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
    ...changes,
  })

/** Changes a client after its tokens were issued, and refreshes. */
async function refreshAfter(
  changes: Readonly<Record<string, unknown>>,
  request: Fields = {},
): Promise<Response> {
  const client = await registerClient(deployment)
  const { refresh_token } = await logIn(deployment, client, { request, consent: CONSENT })
  const path = `/admin/clients/${client.id}`
  const current = await (await deployment.admin('GET', path)).json<object>()
  await deployment.admin('PUT', path, { ...current, ...changes })
  return refresh(deployment, client, refresh_token)
}

const CONSENT = { grant_access_token_audience: ['https://api.example'] }

const jwtClient = (): Promise<TestClient> =>
  registerClient(deployment, {
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: key.alg,
    jwks: { keys: [key.publicJwk] },
  })

const byAssertion = async (iss: string, signer = key): Promise<Response> =>
  form(assertionFields(await signAssertion(signer, { iss, sub: iss })))

const AUTHENTICATION: readonly Row[] = [
  ['client_missing', 'no credentials', () => form({})],
  ['basic_malformed', 'a Basic header that is none', () => form({}, { authorization: 'Basic %%%' })],
  [
    'client_id_differs',
    'a mere Basic id and another client_id',
    () => form({ client_id: 'other' }, { authorization: `Basic ${btoa('one:')}` }),
  ],
  [
    'credentials_ambiguous',
    'Basic and post',
    () => form({ client_secret: 'x' }, { authorization: `Basic ${btoa('one:secret')}` }),
  ],
  ['client_unknown', 'an unknown client', () => form({ client_id: 'nobody' })],
  [
    'method_mismatch',
    'post from a Basic client, wrong',
    async () => form({ client_id: (await registerClient(deployment)).id, client_secret: 'wrong-secret' }),
  ],
  [
    'method_unregistered',
    'post from a Basic client',
    async () => {
      const { id, secret } = await registerClient(deployment)
      return form({ client_id: id, client_secret: secret })
    },
  ],
  [
    'secret_mismatch',
    'a wrong secret',
    async () =>
      tokenRequest(
        deployment,
        { ...(await registerClient(deployment)), secret: 'wrong-secret' },
        {
          grant_type: 'client_credentials',
        },
      ),
  ],
  ['parameter_malformed', 'an assertion of no type', () => form({ client_assertion: 'x' })],
  ['assertion_malformed', 'an assertion that is none', () => form(assertionFields('x'))],
  [
    'assertion_unproven',
    'an assertion by a strange key',
    async () => byAssertion((await jwtClient()).id, await makeKey()),
  ],
  ['client_unknown', 'an assertion of an unknown client', () => byAssertion('nobody')],
  [
    'assertion_reused',
    'an assertion that comes twice',
    async () => {
      const { id } = await jwtClient()
      const fields = assertionFields(await signAssertion(key, { iss: id, sub: id }))
      await form(fields)
      return form(fields)
    },
  ],
  [
    'client_keys_unusable',
    'keys that cannot be fetched',
    async () => {
      const { id } = await registerClient(deployment, {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: key.alg,
        jwks_uri: 'https://app.internal/keys',
      })
      return byAssertion(id)
    },
  ],
  [
    'metadata_unusable',
    'rotation of a secret that there is none of',
    async () => deployment.admin('POST', `/admin/clients/${(await jwtClient()).id}/secrets/rotate`),
  ],
  [
    'client_public',
    'introspection by a client that names itself only',
    () => deployment.form('/oauth2/introspect', { token: 'x' }, { authorization: `Basic ${btoa('one:')}` }),
  ],
]

const GRANTS: readonly Row[] = [
  ['grant_type_unknown', 'an unknown grant type', () => form({ grant_type: 'pasword' })],
  ['grant_type_retired', 'the grant type of passwords', () => form({ grant_type: 'password' })],
  [
    'grant_type_not_allowed',
    'a grant type that the client lacks',
    async () => tokenRequest(deployment, await registerClient(deployment), { grant_type: JWT_BEARER }),
  ],
  [
    'client_public',
    'client credentials of a public client',
    async () => {
      const client = await registerClient(deployment, { token_endpoint_auth_method: 'none' })
      return form({ client_id: client.id })
    },
  ],
  [
    'code_unknown',
    'a forged code',
    async () => redeem(deployment, await registerClient(deployment), 'ory_ac_forged.forged'),
  ],
  [
    'code_expired',
    'an expired code',
    async () => {
      const client = await registerClient(deployment)
      const code = await codeOf(client)
      later(HOUR_MS)
      return redeem(deployment, client, code)
    },
  ],
  [
    'code_spent',
    'a code that comes twice',
    async () => {
      const client = await registerClient(deployment)
      const code = await codeOf(client)
      await redeem(deployment, client, code)
      return redeem(deployment, client, code)
    },
  ],
  [
    'client_differs',
    "another client's code",
    async () =>
      redeem(deployment, await registerClient(deployment), await codeOf(await registerClient(deployment))),
  ],
  [
    'grant_ended',
    'a code from before a revocation',
    async () => {
      const client = await registerClient(deployment)
      const subject = crypto.randomUUID()
      const code = parameter(await authorizeAt(deployment, client, { login: { subject } }), 'code')
      await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/consent?subject=${subject}&all=true`)
      return redeem(deployment, client, code)
    },
  ],
  ...(
    [
      ['redirect_uri_differs', 'another redirect URI', { redirect_uri: 'https://app.example/other' }],
      ['verifier_missing', 'no code_verifier', { code_verifier: '' }],
      ['verifier_malformed', 'a short code_verifier', { code_verifier: 'short' }],
      ['verifier_differs', 'another code_verifier', { code_verifier: 'v'.repeat(43) }],
    ] as const
  ).map(
    ([reason, how, changes]): Row => [
      reason,
      how,
      async () => {
        const client = await registerClient(deployment)
        return exchange(client, await codeOf(client), changes)
      },
    ],
  ),
  [
    'verifier_unexpected',
    'a code_verifier without challenge',
    async () => {
      const client = await registerClient(deployment)
      const request = { code_challenge: undefined, code_challenge_method: undefined }
      return exchange(client, parameter(await authorizeAt(deployment, client, { request }), 'code'))
    },
  ],
  [
    'scope_not_allowed',
    'a scope that the client lacks',
    async () =>
      tokenRequest(deployment, await registerClient(deployment), {
        grant_type: 'client_credentials',
        scope: 'api.write',
      }),
  ],
  [
    'audience_not_allowed',
    'an audience that the client lacks',
    async () =>
      tokenRequest(deployment, await registerClient(deployment), {
        grant_type: 'client_credentials',
        audience: 'https://other.example',
      }),
  ],
  [
    'resource_not_allowed',
    'a resource that was not granted',
    async () => {
      const client = await registerClient(deployment)
      return exchange(client, await codeOf(client), { resource: 'https://other.example' })
    },
  ],
]

const REFRESHES: readonly Row[] = [
  [
    'refresh_token_unknown',
    'a forged refresh token',
    async () => refresh(deployment, await registerClient(deployment), 'ory_rt_forged.forged'),
  ],
  [
    'refresh_token_expired',
    'an expired refresh token',
    async () => {
      const client = await registerClient(deployment)
      const { refresh_token } = await logIn(deployment, client)
      later(31 * 24 * HOUR_MS)
      return refresh(deployment, client, refresh_token)
    },
  ],
  [
    'refresh_token_reused',
    'a refresh token after its grace',
    async () => {
      const client = await registerClient(deployment)
      const { refresh_token } = await logIn(deployment, client)
      await refresh(deployment, client, refresh_token)
      later(HOUR_MS)
      return refresh(deployment, client, refresh_token)
    },
  ],
  [
    'grant_ended',
    'a refresh token that was revoked',
    async () => {
      const client = await registerClient(deployment)
      const { refresh_token } = await logIn(deployment, client)
      await revoke(deployment, client, refresh_token)
      return refresh(deployment, client, refresh_token)
    },
  ],
  [
    'credential_of_other_kind',
    'an access token in place of a refresh token',
    async () => {
      const client = await registerClient(deployment)
      return refresh(deployment, client, (await logIn(deployment, client)).access_token)
    },
  ],
  ['scope_lost', 'a scope that the client lost', () => refreshAfter({ scope: 'openid' })],
  [
    'scope_not_consented',
    'a scope beyond the grant',
    async () => {
      const client = await registerClient(deployment)
      const { refresh_token } = await logIn(deployment, client)
      const fields = { grant_type: 'refresh_token', refresh_token, scope: 'openid email' }
      return tokenRequest(deployment, client, fields)
    },
  ],
  [
    'audience_lost',
    'an audience that the client lost',
    () => refreshAfter({ audience: [] }, { audience: 'https://api.example' }),
  ],
]

const device = (): Promise<TestClient> => registerDeviceClient(deployment)

const DEVICES: readonly Row[] = [
  [
    'user_pending',
    'a poll before the user answers',
    async () => {
      const client = await device()
      return poll(deployment, client, await startDevice(deployment, client))
    },
  ],
  [
    'polled_too_fast',
    'a poll too soon',
    async () => {
      const client = await device()
      const started = await startDevice(deployment, client)
      await poll(deployment, client, started)
      return poll(deployment, client, started)
    },
  ],
  [
    'device_code_expired',
    'a poll too late',
    async () => {
      const client = await device()
      const started = await startDevice(deployment, client)
      later(HOUR_MS)
      return poll(deployment, client, started)
    },
  ],
  [
    'user_denied',
    'a poll after the user said no',
    async () => {
      const client = await device()
      const started = await startDevice(deployment, client)
      const browser = new Browser(deployment)
      const atLogin = await browser.next(await enterCode(deployment, browser, started.user_code))
      const no = { error: 'access_denied' }
      const app = new LoginApp(deployment)
      const last = await app.decide('login', 'reject', parameter(atLogin, 'login_challenge'), no)
      await browser.visit(last)
      return poll(deployment, client, started)
    },
  ],
  [
    'code_redeemed',
    'a device code that comes twice',
    async () => {
      const client = await device()
      const started = await startDevice(deployment, client)
      await approve(deployment, started)
      await poll(deployment, client, started)
      later(10_000)
      return poll(deployment, client, started)
    },
  ],
  [
    'client_id_differs',
    'a device request in the name of another client',
    async () => {
      const client = await device()
      return authorizedForm(deployment, '/oauth2/device/auth', client, { client_id: 'other' })
    },
  ],
]

const bearer = async (scope: string, signer = key): Promise<Response> => {
  const client = await registerClient(deployment, { grant_types: [JWT_BEARER] })
  const issuer = `https://${crypto.randomUUID()}.example`
  await trust(deployment, key, issuer)
  const assertion = await signAssertion(signer, { iss: issuer, sub: 'alice' })
  return tokenRequest(deployment, client, { grant_type: JWT_BEARER, assertion, scope })
}

const ASSERTIONS: readonly Row[] = [
  ['issuer_scope', 'a scope that the issuer may not give', () => bearer('profile')],
  [
    'assertion_unproven',
    'an assertion by a key that nobody trusts',
    async () => bearer('openid', await makeKey()),
  ],
  [
    'assertion_malformed',
    'an assertion that is no JWT',
    async () => {
      const client = await registerClient(deployment, { grant_types: [JWT_BEARER] })
      return tokenRequest(deployment, client, { grant_type: JWT_BEARER, assertion: 'x' })
    },
  ],
]

const userinfo = (token: string | null): Promise<Response> =>
  deployment.fetch('/userinfo', token === null ? {} : { headers: { authorization: `Bearer ${token}` } })

const PRESENTED: readonly Row[] = [
  ['token_missing', 'userinfo without token', () => userinfo(null)],
  ['token_unknown', 'userinfo with a forged token', () => userinfo('ory_at_forged.forged')],
  ['token_of_other_kind', 'userinfo with a refresh token', () => userinfo('ory_rt_forged.forged')],
  [
    'token_of_other_kind',
    'userinfo with an ID token',
    async () => userinfo((await logIn(deployment, await registerClient(deployment))).id_token),
  ],
  [
    'token_expired',
    'userinfo with an expired token',
    async () => {
      const { access_token } = await logIn(deployment, await registerClient(deployment))
      later(2 * HOUR_MS)
      return userinfo(access_token)
    },
  ],
  [
    'token_inactive',
    'userinfo with a revoked token',
    async () => {
      const client = await registerClient(deployment)
      const { access_token } = await logIn(deployment, client)
      await revoke(deployment, client, access_token)
      return userinfo(access_token)
    },
  ],
]

/** The facts of a line, which has each as `name=value`. */
const factsIn = (facts: unknown): Facts =>
  Object.fromEntries(
    [facts ?? []].flat().map((fact) => {
      const [name = '', ...value] = String(fact).split('=')
      return [name, value.join('=')]
    }),
  )

describe('the log names why', () => {
  const rows = [AUTHENTICATION, GRANTS, REFRESHES, DEVICES, ASSERTIONS, PRESENTED].flat()

  it.each(rows)('%s: %s', async (reason, _how, ask) => {
    const response = await ask()
    expect(response.status).toBeGreaterThanOrEqual(400)
    const line = log.last('request')
    expect(line).toMatchObject({ status: response.status, reason })
    const { text, fix, reader } = explain(reason, factsIn(line?.['facts']))
    const { error_description: told } = await bodyOf(response)
    // Cause and fix come first, where the caller may read them.
    if (reader === 'operator') expect(told).not.toContain(fix)
    else expect(String(told).startsWith(`${text} ${fix}`)).toBe(true)
  })

  it.each([
    ['hook_denied', new Response(null, { status: 403 })],
    ['hook_failed', new Response(null, { status: 500 })],
    ['hook_inexact', new Response('{"session":{"access_token":{"id":1234567890123456789}}}')],
    ['hook_too_large', Response.json({ session: { access_token: { long: 'x'.repeat(9000) } } })],
  ])('%s, of a token hook', async (reason, answer) => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(answer.clone()))
    const hooked = new Deployment(testEnv({ OAUTH2_TOKEN_HOOK: 'https://hooks.example/token' }))
    const client = await registerClient(hooked)
    await tokenRequest(hooked, client, { grant_type: 'client_credentials' })
    expect(log.last('request')).toMatchObject({ reason, facts: expect.arrayContaining(['hook=token']) })
  })
})
