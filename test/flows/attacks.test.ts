import { decodeJwt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { makeLogoutToken } from '../../src/logout/token.ts'
import { runtimeOf } from '../../src/runtime.ts'
import { clientIdOf, sidOf } from '../../src/util/ids.ts'
import { assertionFields, makeKey, signAssertion, type TestKey } from '../support/assertions.ts'
import { dropAnswers } from '../support/bindings.ts'
import { Browser, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { withOutage } from '../support/outage.ts'
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
  VERIFIER,
} from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const deployment = new Deployment()
const app = new LoginApp(deployment)

afterEach(() => {
  vi.useRealTimers()
})

async function challengeFor(browser: Browser, client: TestClient, request = {}): Promise<string> {
  return parameter(await browser.next(authorizationPath(client, request)), 'login_challenge')
}

describe('what was found by attacking (regressions)', () => {
  it('the jti of a JWT access token is no token', async () => {
    const client = await registerClient(deployment, { access_token_strategy: 'jwt' })
    const { access_token } = await logIn(deployment, client)
    const jti = decodeJwt(access_token).jti ?? ''
    for (const token of [jti, `ory_at_${jti}`]) {
      expect(await deployment.introspect(token)).toEqual({ active: false })
      const headers = { authorization: `Bearer ${token}` }
      expect((await deployment.fetch('/userinfo', { headers })).status).toBe(401)
    }
    expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
  })

  it.each([
    ['of the client', (client: TestClient) => `sessions/consent?subject=back&client=${client.id}`],
    ['of all clients', () => 'sessions/consent?subject=back&all=true'],
  ])(
    'consents %s that were revoked give no token its life back, though the user goes back to the login and logs in again',
    async (_of, path) => {
      const client = await registerClient(deployment)
      const browser = new Browser(deployment)
      const challenge = await challengeFor(browser, client)
      const walk = async (): Promise<URL> => {
        const login = await app.decide('login', 'accept', challenge, { subject: 'back', remember: true })
        const atConsent = parameter(await browser.next(login), 'consent_challenge')
        const decision = { grant_scope: ['openid', 'offline'] }
        return browser.next(await app.decide('consent', 'accept', atConsent, decision))
      }
      const stolen = await bodyOf(await redeem(deployment, client, parameter(await walk(), 'code')))
      await deployment.admin('DELETE', `/admin/oauth2/auth/${path(client)}`)
      const again = await walk()
      expect(again.searchParams.has('code')).toBe(false)
      expect(await deployment.introspect(String(stolen['access_token']))).toEqual({ active: false })
      expect((await refresh(deployment, client, String(stolen['refresh_token']))).status).toBe(400)
      // It is a flow of its own that gets new ones.
      expect(parameter(await browser.next(again.href), 'login_challenge')).not.toBe('')
    },
  )

  it('a login accepted before all sessions were ended starts none: the user logs in again', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const held = await app.decide('login', 'accept', await challengeFor(browser, client), { subject: 'held' })
    await deployment.admin('DELETE', '/admin/oauth2/auth/sessions/login?subject=held')
    const again = await browser.next(held)
    expect(parameter(again, 'login_challenge')).not.toBe('')
    expect(again.pathname).not.toContain('consent')
    const anew = await app.decide('login', 'accept', parameter(again, 'login_challenge'), { subject: 'held' })
    expect(parameter(await browser.next(anew), 'consent_challenge')).not.toBe('')
    const stillHeld = await browser.next(held)
    expect(parameter(stillHeld, 'consent_challenge')).toBe('')
  })

  it('after all sessions were ended one login is enough, in any browser', async () => {
    const client = await registerClient(deployment)
    const subject = crypto.randomUUID()
    await authorizeAt(deployment, client, { login: { subject, remember: true } })
    await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
    for (const challenged of ['before', 'after']) {
      const browser = new Browser(deployment)
      const challenge = await challengeFor(browser, client)
      if (challenged === 'before')
        await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
      const accepted = await app.decide('login', 'accept', challenge, { subject })
      expect(parameter(await browser.next(accepted), 'consent_challenge'), challenged).not.toBe('')
    }
  })

  it('a user who proved who they are before all sessions were ended does so again', async () => {
    const client = await registerClient(deployment)
    const subject = crypto.randomUUID()
    const password = new Date().toISOString()
    await authorizeAt(deployment, client, { login: { subject } })
    await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
    const browser = new Browser(deployment)
    const accept = async (authenticated_at: string) =>
      new URL(
        await app.decide('login', 'accept', await challengeFor(browser, client), {
          subject,
          authenticated_at,
        }),
      )
    const again = await accept(password)
    expect([again.pathname, parameter(again, 'prompt')]).toEqual(['/oauth2/auth', 'login'])
    const anew = await accept(new Date().toISOString())
    expect(parameter(await browser.next(anew.href), 'consent_challenge')).not.toBe('')
    for (const days of [1, 179, 181]) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(password) + days * 86_400_000 })
      const later = await accept(password)
      expect([later.pathname, parameter(later, 'prompt')], `${days} days`).toEqual(['/oauth2/auth', 'login'])
    }
  })

  it('two logins of one challenge, from before and after all sessions were ended, leave no session that an id does not find', async () => {
    const client = await registerClient(deployment)
    const subject = crypto.randomUUID()
    await authorizeAt(deployment, client, { login: { subject, remember: true } })
    const browser = new Browser(deployment)
    const challenge = await challengeFor(browser, client)
    const before = await app.decide('login', 'accept', challenge, { subject, remember: true })
    await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
    const after = await app.decide('login', 'accept', challenge, { subject, remember: true })
    expect((await browser.next(before)).pathname).not.toBe('/consent')
    expect(parameter(await browser.next(after), 'consent_challenge')).toBe('')
  })

  it('a challenge accepted for two subjects gives a session to the first only', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const challenge = await challengeFor(browser, client)
    const first = await app.decide('login', 'accept', challenge, { subject: 'anna' })
    const second = await app.decide('login', 'accept', challenge, { subject: 'bert' })
    expect(parameter(await browser.next(first), 'consent_challenge')).not.toBe('')
    expect((await browser.next(second)).pathname).toBe('/oauth2/auth')
    expect(parameter(await browser.next(first), 'consent_challenge')).not.toBe('')
  })

  it('a re-created client inherits neither consents nor running flows', async () => {
    await registerClient(deployment, { client_id: 'heir', client_secret: 'first-secret' })
    const client = { id: 'heir', secret: 'first-secret' }
    const browser = new Browser(deployment)
    const remembered = { login: { subject: 'owner', remember: true }, consent: { remember: true } }
    await authorizeAt(deployment, client, { browser, ...remembered })
    const running = await app.decide('login', 'accept', await challengeFor(browser, client), {
      subject: 'owner',
    })
    await deployment.admin('DELETE', '/admin/clients/heir')
    const heir = await registerClient(deployment, { client_id: 'heir', client_secret: 'second-secret' })
    expect((await browser.next(running)).pathname).toBe('/oauth2/auth')
    const at = await browser.next(
      await app.decide('login', 'accept', await challengeFor(browser, heir), { subject: 'owner' }),
    )
    const consent = await bodyOf(await app.get('consent', parameter(at, 'consent_challenge')))
    expect(consent).toMatchObject({ skip: false, subject: 'owner' })
    const list = await deployment.admin('GET', '/admin/oauth2/auth/sessions/consent?subject=owner')
    expect(await list.json()).toEqual([])
  })

  it('keys that cannot be had cost nobody a code or a refresh token', async () => {
    const strict = { OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '0s' }
    const plain = new Deployment(testEnv(strict))
    const client = await registerClient(plain)
    const tokens = await logIn(plain, client)
    const code = parameter(await authorizeAt(plain, client), 'code')
    const outage = withOutage(testEnv(strict))
    const cold = new Deployment(outage.env)
    await cold.introspect(tokens.access_token)
    await cold.fetch(authorizationPath(client))
    outage.down = true
    const refused = [await redeem(cold, client, code), await refresh(cold, client, tokens.refresh_token)]
    expect(refused.map(({ status }) => status)).toEqual([503, 503])
    expect((await redeem(plain, client, code)).status).toBe(200)
    expect((await refresh(plain, client, tokens.refresh_token)).status).toBe(200)
  })

  it('authorization requests have a bound, and write nothing before anybody logs in', async () => {
    const client = await registerClient(deployment)
    const long = await new Browser(deployment).next(
      authorizationPath(client, { ui_locales: 'x'.repeat(9000) }),
    )
    expect([long.origin + long.pathname, parameter(long, 'error')]).toEqual([REDIRECT_URI, 'invalid_request'])
    const lost = new Deployment(dropAnswers(testEnv(), { method: 'putBlob', times: 9, retryable: false }))
    const login_hint = 'x'.repeat(5000)
    for (const asked of [{ login_hint }, { request: new UnsecuredJWT({ login_hint }).encode() }]) {
      const at = await new Browser(lost).next(authorizationPath(client, asked))
      const request = await bodyOf(await app.get('login', parameter(at, 'login_challenge')))
      expect(request['oidc_context']).toEqual({ login_hint })
    }
  })

  it('context and session have a bound', async () => {
    const client = await registerClient(deployment)
    const challenge = await challengeFor(new Browser(deployment), client)
    const path = `/admin/oauth2/auth/requests/login/accept?login_challenge=${challenge}`
    const answer = await deployment.admin('PUT', path, { subject: 'x', context: 'y'.repeat(66_000) })
    expect(answer.status).toBe(400)
  })

  it('a flow too large for the URL expires like any other', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const login = { subject: 'large', context: 'z'.repeat(5000) }
    const afterLogin = await app.decide('login', 'accept', await challengeFor(browser, client), login)
    const at = await browser.next(afterLogin)
    vi.setSystemTime(Date.now() + 31 * 60_000)
    const gone = await app.get('consent', parameter(at, 'consent_challenge'))
    expect([gone.status, Object.keys(await bodyOf(gone))]).toEqual([410, ['redirect_to']])
    expect((await browser.next(afterLogin)).pathname).toBe('/oauth2/auth')
  })

  it('an expired logout begins again at our own address, however its own was spelt', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login: { remember: true } })
    const at = await browser.next('http://localhost:4444//oauth2/sessions/logout')
    vi.setSystemTime(Date.now() + 31 * 60_000)
    const gone = await bodyOf(await app.get('logout', parameter(at, 'logout_challenge')))
    expect(String(gone['redirect_to'])).toMatch(/^http:\/\/localhost:4444\/oauth2\/sessions\/logout/)
  })

  it('posted verifiers and empty parameters are nothing', async () => {
    const client = await registerClient(deployment)
    const [path = '', query = ''] = authorizationPath(client).split('?')
    const body = new URLSearchParams(`${query}&login_verifier=x.y&consent_verifier=x.y`)
    const browser = new Browser(deployment)
    const at = await browser.next(`${path}?client_id=&login_verifier=`, { method: 'POST', body })
    const request = await bodyOf(await app.get('login', parameter(at, 'login_challenge')))
    expect(String(request['request_url'])).not.toContain('verifier')
    const challenge = parameter(at, 'login_challenge')
    const next = await browser.next(await app.decide('login', 'accept', challenge, { subject: 'posted' }))
    expect(parameter(next, 'consent_challenge')).not.toBe('')
  })

  it('custom claims never pass for claims about the token', async () => {
    const names = ['azp', 'nonce', 'at_hash', 'c_hash', 'sid', 'jti', 'exp', 'iat', 'iss', 'aud', 'sub']
    const id_token = Object.fromEntries(names.map((name) => [name, 'evil']))
    const settings = { OAUTH2_ALLOWED_TOP_LEVEL_CLAIMS: 'scope', STRATEGIES_ACCESS_TOKEN: 'jwt' }
    const promoting = new Deployment(testEnv(settings))
    const client = await registerClient(promoting)
    const session = { id_token, access_token: { scope: 'admin' } }
    const tokens = await logIn(promoting, client, { consent: { session } })
    expect(Object.values(decodeJwt(tokens.id_token))).not.toContain('evil')
    expect(decodeJwt(tokens.id_token)).not.toHaveProperty('azp')
    expect(decodeJwt(tokens.access_token)['scope']).toBeUndefined()
  })
})

describe('every kind of token is taken where it belongs, and nowhere else (RFC 8725 section 3.11)', () => {
  /**
   * A client with the issuer's name and this server's keys, whose issuer is trusted: every signature, issuer and
   * audience is right everywhere, so that the kind alone decides.
   */
  const self: TestClient = { id: ISSUER, secret: '' }
  const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  const settings = { OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true', STRATEGIES_ACCESS_TOKEN: 'jwt' }
  const world = new Deployment(testEnv(settings))
  const typed = new Deployment(testEnv({ ...settings, STRATEGIES_JWT_TYP: 'at+jwt' }))
  let own: TestKey
  let registration: { readonly uri: string; readonly token: string }
  const tokens: Record<string, string> = {}

  const withOwnKey = async (): Promise<Record<string, string>> =>
    assertionFields(await signAssertion(own, { iss: self.id, sub: self.id }))

  async function logInAs(subject: string, at = world): Promise<Record<string, unknown>> {
    const answer = await authorizeAt(at, self, { login: { subject } })
    const fields = { grant_type: 'authorization_code', code: parameter(answer, 'code') }
    const rest = { redirect_uri: REDIRECT_URI, code_verifier: VERIFIER, ...(await withOwnKey()) }
    return bodyOf(await at.form('/oauth2/token', { ...fields, ...rest }))
  }

  async function credentialFor(bearer: string): Promise<string> {
    const headers = { authorization: `Bearer ${bearer}` }
    const ask = async (proof?: object) => {
      const body = JSON.stringify({ format: 'jwt_vc_json', proof })
      return bodyOf(await world.fetch('/credentials', { method: 'POST', headers, body }))
    }
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwt = await new SignJWT({ nonce: String((await ask())['c_nonce']) })
      .setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(publicKey) })
      .sign(privateKey)
    return String((await ask({ proof_type: 'jwt', jwt }))['credential_draft_00'])
  }

  beforeAll(async () => {
    own = await makeKey()
    // The first login makes the keys.
    await logIn(world, await registerClient(world))
    const { keys } = await (await world.fetch('/.well-known/jwks.json')).json<{ keys: object[] }>()
    const metadata = { jwks: { keys: [...keys, own.publicJwk] }, userinfo_signed_response_alg: 'RS256' }
    const grant_types = ['authorization_code', 'refresh_token', 'client_credentials', JWT_BEARER]
    const method = { token_endpoint_auth_method: 'private_key_jwt', client_id: self.id, grant_types }
    await registerClient(world, { ...metadata, ...method })
    for (const jwk of [...keys, own.publicJwk])
      await trust(world, own, ISSUER, { jwk, subject: undefined, allow_any_subject: true })
    for (const subject of [self.id, 'alice']) {
      const { id_token, access_token, refresh_token } = await logInAs(subject)
      const headers = { authorization: `Bearer ${access_token}` }
      const userinfo = await (await world.fetch('/userinfo', { headers })).text()
      const typedToken = (await logInAs(subject, typed))['access_token']
      const client = await runtimeOf(world.env).clients.find(self.id)
      if (client === undefined) throw new Error('no client')
      const notice = { kind: 'client', id: crypto.randomUUID(), client: clientIdOf(self.id) } as const
      const about = { instance: client.instance, subject, sid: sidOf(crypto.randomUUID()) }
      Object.assign(tokens, {
        [`ID token ${subject}`]: id_token,
        [`access token ${subject}`]: access_token,
        [`typed access token ${subject}`]: typedToken,
        [`refresh token ${subject}`]: refresh_token,
        [`userinfo ${subject}`]: userinfo,
        [`credential ${subject}`]: await credentialFor(String(access_token)),
        [`logout token ${subject}`]: await makeLogoutToken(runtimeOf(world.env), client, {
          ...notice,
          ...about,
        }),
        [`assertion ${subject}`]: await signAssertion(own, { iss: self.id, sub: subject }),
        [`request object ${subject}`]: await signAssertion(
          own,
          { iss: self.id, sub: subject },
          {
            header: { typ: 'oauth-authz-req+jwt' },
            claims: { aud: ISSUER, redirect_uri: REDIRECT_URI, scope: 'openid' },
          },
        ),
      })
    }
    const body = JSON.stringify({ redirect_uris: [REDIRECT_URI] })
    const registered = await bodyOf(await world.fetch('/oauth2/register', { method: 'POST', body }))
    registration = {
      uri: String(registered['registration_client_uri']),
      token: String(registered['registration_access_token']),
    }
    tokens['registration token alice'] = registration.token
  })

  const told = async (path: string): Promise<string> =>
    parameter(await new Browser(world).next(path), 'error')
  const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })
  const isActive = async (token: string): Promise<boolean> =>
    (await world.introspect(token))['active'] === true

  /** Whether each place takes a token. */
  const places: Readonly<Record<string, (token: string) => Promise<boolean>>> = {
    'id_token_hint at authorize': async (id_token_hint) =>
      (await told(authorizationPath(self, { id_token_hint, prompt: 'none' }))) === 'login_required',
    'id_token_hint at logout': async (token) =>
      (await told(`/oauth2/sessions/logout?id_token_hint=${token}`)) === '',
    userinfo: async (token) => (await world.fetch('/userinfo', bearer(token))).status === 200,
    introspection: isActive,
    'client assertion': async (token) =>
      (await world.form('/oauth2/token', { grant_type: 'client_credentials', ...assertionFields(token) }))
        .status === 200,
    'bearer assertion': async (assertion) =>
      (await world.form('/oauth2/token', { grant_type: JWT_BEARER, assertion, ...(await withOwnKey()) }))
        .status === 200,
    'request object': async (request) =>
      (await told(authorizationPath(self, { request }))) !== 'invalid_request_object',
    registration: async (token) => (await world.fetch(registration.uri, bearer(token))).status === 200,
  }

  const ACCESS = ['access token', 'typed access token']
  const TAKEN: Readonly<Record<string, readonly string[]>> = {
    'id_token_hint at authorize': ['ID token'],
    'id_token_hint at logout': ['ID token'],
    userinfo: ACCESS,
    introspection: [...ACCESS, 'refresh token'],
    'client assertion': ['assertion'],
    'bearer assertion': ['assertion'],
    'request object': ['request object'],
    registration: ['registration token'],
  }

  it.each(Object.entries(places))('%s', async (place, takes) => {
    const taken: string[] = []
    for (const [name, token] of Object.entries(tokens)) if (await takes(token)) taken.push(name)
    const kinds = taken.map((name) => name.replace(/ \S+$/, ''))
    expect([...new Set(kinds)].sort()).toEqual(TAKEN[place]?.toSorted())
  })

  it('revocation', async () => {
    const kept = Object.entries(tokens).filter(([name]) => !/access|refresh/.test(name))
    for (const [, token] of kept) await world.form('/oauth2/revoke', { token, ...(await withOwnKey()) })
    for (const token of [tokens['access token alice'], tokens['refresh token alice']])
      expect(await isActive(token ?? '')).toBe(true)
    await world.form('/oauth2/revoke', { token: tokens['access token alice'] ?? '', ...(await withOwnKey()) })
    expect(await isActive(tokens['refresh token alice'] ?? '')).toBe(false)
  })
})
