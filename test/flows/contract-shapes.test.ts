import { decodeJwt, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { ClientStore } from '../../src/store/clients.ts'
import { ADMIN_KEY, Browser, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { registerDeviceClient, startDevice } from '../support/device.ts'
import { patient } from '../support/patient.ts'
import {
  authorizationPath,
  authorizedForm,
  LoginApp,
  logIn,
  parameter,
  REDIRECT_URI,
  redeem,
  registerClient,
  tokenRequest,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)
const SECONDS = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const WHOLE = expect.toSatisfy(Number.isInteger)

/** A client that was sent as `{}`, as it is read later (contract 2.1). */
const EMPTY = {
  client_name: '',
  redirect_uris: [],
  grant_types: [],
  response_types: [],
  scope: 'offline_access offline openid',
  audience: [],
  owner: '',
  policy_uri: '',
  allowed_cors_origins: [],
  tos_uri: '',
  client_uri: '',
  logo_uri: '',
  contacts: [],
  client_secret_expires_at: 0,
  subject_type: 'public',
  jwks: {},
  token_endpoint_auth_method: 'client_secret_basic',
  userinfo_signed_response_alg: 'none',
  created_at: SECONDS,
  updated_at: SECONDS,
  metadata: {},
  skip_consent: false,
}

/** What `registerClient` sends beside that. */
const registered = (client_id: string) => ({
  ...EMPTY,
  client_id,
  redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  response_types: ['code'],
  scope: 'openid offline_access offline profile email api.read',
  audience: ['https://api.example'],
})

const NO_ISSUER = crypto.randomUUID()

describe('a client (contract 2.1)', () => {
  it('sent as {}: empty arrays, and nothing that is null', async () => {
    const { id } = await registerClient(deployment, {
      ...Object.fromEntries(Object.keys(registered('')).map((name) => [name, undefined])),
      grant_types: undefined,
    })
    const read = await deployment.admin('GET', `/admin/clients/${id}`)
    expect(await read.json()).toStrictEqual({ ...EMPTY, client_id: id })
    const replaced = await deployment.admin('PUT', `/admin/clients/${id}`, {})
    expect(await replaced.json()).toStrictEqual({ ...EMPTY, client_id: id })
    const created = await deployment.admin('POST', '/admin/clients', {})
    const body = await bodyOf(created)
    const withSecret = {
      ...EMPTY,
      client_id: UUID,
      client_secret: expect.stringMatching(/^[a-zA-Z0-9._~-]{26}$/),
    }
    expect([created.status, body]).toStrictEqual([
      201,
      {
        ...withSecret,
        registration_access_token: expect.stringMatching(/^ory_at_[\w-]+\.[\w-]+$/),
        registration_client_uri: `${ISSUER}/oauth2/register/${body['client_id']}`,
      },
    ])
    const { skip_consent: _, ...v1 } = withSecret
    const inV1 = await deployment.admin('POST', '/clients', {})
    expect([inV1.status, await bodyOf(inV1)]).toStrictEqual([201, v1])
  })

  it.each<[string, object]>([
    ['without labels', { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }],
    ['with a kid alone', { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43), kid: 'one' }],
  ])('shows a key %s with all labels, and takes that back as it was', async (_title, key) => {
    const created = await bodyOf(await deployment.admin('POST', '/admin/clients', { jwks: { keys: [key] } }))
    const path = `/admin/clients/${created['client_id']}`
    expect(created['jwks']).toStrictEqual({ keys: [{ kid: '', use: '', alg: '', ...key }] })
    expect((await deployment.admin('PUT', path, created)).status).toBe(200)
    const stored = await new ClientStore(patient(testEnv())).read(String(created['client_id']))
    expect(stored?.metadata.jwks).toStrictEqual({ keys: [key] })
  })

  it.each(['authorization_code_grant_access_token_lifespan', 'skip_logout_consent', 'request_uris'])(
    'lets a patch remove %s, which is not shown',
    async (field) => {
      const { id } = await registerClient(deployment)
      const patch = [{ op: 'remove', path: `/${field}` }]
      const patched = await deployment.admin('PATCH', `/admin/clients/${id}`, patch)
      expect([patched.status, await bodyOf(patched)]).toEqual([
        200,
        expect.not.objectContaining({ [field]: expect.anything() }),
      ])
    },
  )

  it('keeps arrays that were sent empty, jwks as {} and text of null as empty', async () => {
    const sent = { grant_types: [], contacts: [], redirect_uris: [], response_types: [] }
    const nothing = { jwks: {}, metadata: null, client_name: null, audience: null, skip_consent: null }
    const created = await bodyOf(await deployment.admin('POST', '/admin/clients', { ...sent, ...nothing }))
    expect(created).toMatchObject(sent)
    expect(created).toMatchObject({
      jwks: {},
      metadata: {},
      client_name: '',
      audience: [],
      skip_consent: false,
    })
  })

  it.each([
    ['31h', '31h0m0s'],
    ['90s', '1m30s'],
    ['1h30m', '1h30m0s'],
    ['0.5h', '30m0s'],
    ['1500ms', '1.5s'],
    ['0', '0s'],
  ])('shows the lifespan %s as Go does: %s', async (given, shown) => {
    const field = 'implicit_grant_id_token_lifespan'
    const created = await bodyOf(await deployment.admin('POST', '/admin/clients', { [field]: given }))
    expect(created[field]).toBe(shown)
  })
})

describe('the requests of a login (contract 2.2, 2.3, 2.4, 2.8)', () => {
  it('have every member, and no other', async () => {
    const client = await registerClient(deployment)
    const subject = crypto.randomUUID()
    const browser = new Browser(deployment)
    const hints = {
      login_hint: 'a@example.test',
      ui_locales: 'de en',
      acr_values: 'aal1 aal2',
      display: 'page',
    }
    const path = authorizationPath(client, { ...hints, audience: 'https://api.example/v1' })
    const challenge = parameter(await browser.next(path), 'login_challenge')
    const common = {
      requested_scope: ['openid', 'offline_access'],
      requested_access_token_audience: ['https://api.example/v1'],
      oidc_context: { ...hints, ui_locales: ['de', 'en'], acr_values: ['aal1', 'aal2'] },
      client: registered(client.id),
      request_url: `${ISSUER}${path}`,
    }
    const login = await bodyOf(await app.get('login', challenge))
    expect(login).toStrictEqual({ ...common, challenge, skip: false, subject: '', session_id: UUID })

    const accept = await deployment.admin(
      'PUT',
      `/admin/oauth2/auth/requests/login/accept?login_challenge=${challenge}`,
      { subject, remember: true },
    )
    const accepted = await bodyOf(accept)
    expect([accept.status, accepted]).toStrictEqual([200, { redirect_to: expect.any(String) }])
    const atConsent = await browser.next(String(accepted['redirect_to']))
    const consentChallenge = parameter(atConsent, 'consent_challenge')
    const consent = await bodyOf(await app.get('consent', consentChallenge))
    const asked = {
      ...common,
      consent_request_id: UUID,
      skip: false,
      subject,
      login_challenge: expect.any(String),
      login_session_id: login['session_id'],
      acr: '',
      amr: [],
    }
    expect(consent).toStrictEqual({ ...asked, challenge: consentChallenge })

    const yes = { grant_scope: ['openid'], remember: true, remember_for: 3600, context: { tenant: 't1' } }
    const callback = await browser.next(await app.decide('consent', 'accept', consentChallenge, yes))
    const tokens = await bodyOf(await redeem(deployment, client, parameter(callback, 'code')))
    const list = await deployment.admin('GET', `/admin/oauth2/auth/sessions/consent?subject=${subject}`)
    expect(await list.json()).toStrictEqual([
      {
        consent_request_id: consent['consent_request_id'],
        grant_scope: ['openid'],
        grant_access_token_audience: [],
        session: { access_token: {}, id_token: {} },
        remember: true,
        remember_for: 3600,
        handled_at: SECONDS,
        context: { tenant: 't1' },
        // `acr_values` without an answer stands in the grant as the ID token says it.
        consent_request: { ...asked, challenge: '', acr: '0', context: { tenant: 't1' } },
      },
    ])

    const query = `id_token_hint=${tokens['id_token']}&state=bye`
    const atLogout = await browser.next(`/oauth2/sessions/logout?${query}`)
    const logoutChallenge = parameter(atLogout, 'logout_challenge')
    expect(await bodyOf(await app.get('logout', logoutChallenge))).toStrictEqual({
      challenge: logoutChallenge,
      subject,
      sid: login['session_id'],
      request_url: expect.stringMatching(/^\/oauth2\/sessions\/logout\?id_token_hint=[\w.-]+&state=bye$/),
      rp_initiated: true,
      requested_at: SECONDS,
      expires_at: SECONDS,
      client: registered(client.id),
    })
    const noClient = parameter(await browser.next('/oauth2/sessions/logout'), 'logout_challenge')
    expect(await bodyOf(await app.get('logout', noClient))).toStrictEqual({
      challenge: noClient,
      subject,
      sid: login['session_id'],
      request_url: '/oauth2/sessions/logout',
      rp_initiated: false,
      requested_at: SECONDS,
      expires_at: SECONDS,
    })
  })

  it('are empty lists and objects where nothing was asked', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const atLogin = await browser.next(authorizationPath(client, { scope: undefined }))
    const challenge = parameter(atLogin, 'login_challenge')
    const empty = { requested_scope: [], requested_access_token_audience: [], oidc_context: {} }
    expect(await bodyOf(await app.get('login', challenge))).toMatchObject(empty)
    const next = await app.decide('login', 'accept', challenge, { subject: 'empty', context: [1] })
    const consent = await app.get('consent', parameter(await browser.next(next), 'consent_challenge'))
    expect(await bodyOf(consent)).toMatchObject({ ...empty, acr: '', amr: [], context: [1] })
  })

  it('nobody’s consents are an empty list, and a list without subject is 400', async () => {
    const path = '/admin/oauth2/auth/sessions/consent'
    const nobody = await deployment.admin('GET', `${path}?subject=nobody-at-all`)
    expect([nobody.status, await nobody.json()]).toEqual([200, []])
    expect((await deployment.admin('GET', path)).status).toBe(400)
  })
})

describe('tokens (contract 2.5, 2.6, 2.7)', () => {
  const session = { access_token: { role: 'admin' }, id_token: { email: 'a@example.test' } }
  const login = { acr: 'aal1', amr: ['pwd'] }

  it('a token response, an introspection, an ID token and userinfo have every member, and no other', async () => {
    const client = await registerClient(deployment)
    const tokens = await logIn(deployment, client, { login, consent: { session } })
    expect(tokens).toStrictEqual({
      access_token: expect.stringMatching(/^ory_at_[\w-]+\.[\w-]+$/),
      refresh_token: expect.stringMatching(/^ory_rt_[\w-]+\.[\w-]+$/),
      id_token: expect.any(String),
      expires_in: expect.closeTo(3600, -1),
      scope: 'openid offline_access',
      token_type: 'bearer',
    })
    const active = {
      active: true,
      scope: 'openid offline_access',
      client_id: client.id,
      sub: 'alice',
      exp: WHOLE,
      iat: WHOLE,
      nbf: WHOLE,
      aud: [],
      iss: ISSUER,
      token_type: 'Bearer',
      ext: { role: 'admin' },
    }
    for (const token_use of ['access_token', 'refresh_token'] as const) {
      expect(await deployment.introspect(tokens[token_use])).toStrictEqual({ ...active, token_use })
    }
    expect(decodeProtectedHeader(tokens.id_token)).toStrictEqual({
      alg: 'RS256',
      typ: 'JWT',
      kid: expect.any(String),
    })
    const shared = {
      ...login,
      aud: [client.id],
      auth_time: WHOLE,
      email: 'a@example.test',
      iat: WHOLE,
      iss: ISSUER,
      rat: WHOLE,
      sub: 'alice',
    }
    expect(decodeJwt(tokens.id_token)).toStrictEqual({
      ...shared,
      at_hash: expect.any(String),
      exp: WHOLE,
      jti: UUID,
      nonce: 'nonce-0123456789',
      sid: UUID,
    })
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    expect(await bodyOf(await deployment.fetch('/userinfo', { headers }))).toStrictEqual(shared)
  })

  it('a JWT access token has every claim, and no other', async () => {
    const client = await registerClient(deployment, { access_token_strategy: 'JWT' })
    const { access_token } = await logIn(deployment, client, { consent: { session } })
    expect(decodeJwt(access_token)).toStrictEqual({
      aud: [],
      client_id: client.id,
      exp: WHOLE,
      ext: { role: 'admin' },
      iat: WHOLE,
      iss: ISSUER,
      jti: expect.any(String),
      nbf: WHOLE,
      scp: ['openid', 'offline_access'],
      sub: 'alice',
    })
  })

  it('without scope: the member is "" in the response, and absent in the introspection', async () => {
    const client = await registerClient(deployment)
    const answer = await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
    const body = await bodyOf(answer)
    expect(body).toStrictEqual({
      access_token: expect.any(String),
      expires_in: 3600,
      scope: '',
      token_type: 'bearer',
    })
    const active = await deployment.introspect(String(body['access_token']))
    expect(active).toMatchObject({ active: true, aud: [] })
    expect(Object.keys(active)).not.toContain('scope')
    expect(Object.keys(active)).not.toContain('ext')
  })

  it('without scope and by OAUTH2_CLIENT_CREDENTIALS_DEFAULT_GRANT_ALLOWED_SCOPE: all of the client', async () => {
    const settings = { OAUTH2_CLIENT_CREDENTIALS_DEFAULT_GRANT_ALLOWED_SCOPE: 'true' }
    const generous = new Deployment(testEnv(settings))
    const client = await registerClient(generous, { scope: 'a b' })
    const answer = await tokenRequest(generous, client, { grant_type: 'client_credentials' })
    expect(await bodyOf(answer)).toMatchObject({ scope: 'a b' })
  })

  it('acr_values without an acr from the app: the claim is "0"', async () => {
    const client = await registerClient(deployment)
    const { id_token } = await logIn(deployment, client, { request: { acr_values: 'aal2' } })
    expect(decodeJwt(id_token)['acr']).toBe('0')
  })
})

describe('headers and errors (contract 0.2, 0.3, 5.4)', () => {
  const OAUTH = ['no-store', 'no-cache', 'application/json;charset=UTF-8']
  const cache = ({ headers }: Response) => [headers.get('cache-control'), headers.get('pragma')]
  const all = (response: Response) => [...cache(response), response.headers.get('content-type')]

  it('answers of OAuth endpoints are never stored, good and bad', async () => {
    const client = await registerClient(deployment)
    const device = await registerDeviceClient(deployment)
    const grant = { grant_type: 'client_credentials' }
    const wrong = { ...client, secret: 'wrong-secret' }
    const good = [
      await tokenRequest(deployment, client, grant),
      await authorizedForm(deployment, '/oauth2/device/auth', device, { client_id: device.id }),
    ]
    for (const answer of good) expect([answer.status, ...all(answer)]).toEqual([200, ...OAUTH])
    const bad = [
      await tokenRequest(deployment, wrong, grant),
      await authorizedForm(deployment, '/oauth2/revoke', wrong, { token: 'x' }),
      await authorizedForm(deployment, '/oauth2/device/auth', wrong, { client_id: client.id }),
    ]
    for (const answer of bad) {
      expect([answer.status, ...cache(answer)]).toEqual([401, 'no-store', 'no-cache'])
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="oauth2"')
      expect(Object.keys(await bodyOf(answer))).toEqual(['error', 'error_description'])
    }
    const revoked = await authorizedForm(deployment, '/oauth2/revoke', client, { token: 'unknown' })
    expect([revoked.status, await revoked.text(), ...cache(revoked)]).toEqual([
      200,
      '',
      'no-store',
      'no-cache',
    ])
  })

  it('a token request may be multipart', async () => {
    const client = await registerClient(deployment, { token_endpoint_auth_method: 'client_secret_post' })
    const body = new FormData()
    const fields = { grant_type: 'client_credentials', client_id: client.id, client_secret: client.secret }
    for (const [name, value] of Object.entries(fields)) body.set(name, value)
    expect((await deployment.fetch('/oauth2/token', { method: 'POST', body })).status).toBe(200)
  })

  it.each(['/admin/clients', '/health/alive', '/health/ready', '/version', '/admin/version'])(
    'GET %s is JSON that nobody keeps',
    async (path) => {
      const answer = await deployment.admin('GET', path)
      expect(answer.status).toBe(200)
      expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(answer.headers.get('cache-control')).toBe('private, no-cache, no-store, must-revalidate')
    },
  )

  it('health and version say what they are asked', async () => {
    expect(await bodyOf(await deployment.fetch('/health/alive'))).toStrictEqual({ status: 'ok' })
    expect(await bodyOf(await deployment.fetch('/health/ready'))).toStrictEqual({ status: 'ok' })
    const version = await bodyOf(await deployment.admin('GET', '/version'))
    expect(version).toStrictEqual({ version: expect.stringMatching(/^v\d+\.\d+\.\d+$/) })
  })

  it('both discovery addresses give the same bytes', async () => {
    const [one, two] = await Promise.all(
      ['openid-configuration', 'oauth-authorization-server'].map(async (name) =>
        (await deployment.fetch(`/.well-known/${name}`)).text(),
      ),
    )
    expect(one).toBe(two)
  })

  it.each([
    ['GET', '/nowhere'],
    ['GET', '/oauth2/token'],
    ['DELETE', '/oauth2/auth'],
    ['GET', '/admin/nowhere'],
  ])('%s %s is 404 in the router’s own shape', async (method, path) => {
    const headers = { accept: 'application/json', authorization: `Bearer ${ADMIN_KEY}` }
    const answer = await deployment.fetch(path, { method, headers })
    expect([answer.status, await answer.json()]).toStrictEqual([
      404,
      { error: { code: 404, message: 'Not Found', reason: expect.any(String) } },
    ])
  })

  it.each(['bearer', 'BEARER'])('the scheme may be written %s', async (scheme) => {
    const client = await registerClient(deployment)
    const { access_token } = await logIn(deployment, client)
    const headers = { authorization: `${scheme} ${access_token}` }
    expect((await deployment.fetch('/userinfo', { headers })).status).toBe(200)
  })

  it.each([
    ['GET', '/admin/clients/unknown', "client 'unknown'"],
    ['GET', '/admin/keys/unknown/key', "key 'key'"],
    ['DELETE', '/admin/clients/unknown', "client 'unknown'"],
    ['DELETE', '/admin/registration/initial-access-tokens/unknown', "initial access token 'unknown'"],
    ['GET', `/admin/trust/grants/jwt-bearer/issuers/${NO_ISSUER}`, `trusted issuer '${NO_ISSUER}'`],
  ])('%s %s: no such row, which is named', async (method, path, what) => {
    const answer = await deployment.admin(method, path)
    const error_description = `There is no ${what}. Check the id: it may have been deleted.`
    const nothing = { error: 'Unable to locate the resource', error_description }
    expect([answer.status, await answer.json()]).toStrictEqual([404, nothing])
  })

  it('a description is cause, fix, and the sentence of its code, with no double quote', async () => {
    const client = await registerClient(deployment)
    const scope = 'a"b'
    const body = await bodyOf(
      await tokenRequest(deployment, client, { grant_type: 'client_credentials', scope }),
    )
    expect(body['error']).toBe('invalid_scope')
    expect(body['error_description']).toMatch(/^A scope is malformed\. [^"]+\. A requested scope is [^"]+\.$/)
  })

  it('an accepted device code leads on by one member', async () => {
    const client = await registerDeviceClient(deployment)
    const { user_code } = await startDevice(deployment, client)
    const challenge = parameter(
      await new Browser(deployment).next('/oauth2/device/verify'),
      'device_challenge',
    )
    const path = `/admin/oauth2/auth/requests/device/accept?device_challenge=${challenge}`
    const answer = await deployment.admin('PUT', path, { user_code })
    expect([answer.status, await answer.json()]).toStrictEqual([200, { redirect_to: expect.any(String) }])
  })
})
