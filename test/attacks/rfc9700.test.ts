import { beforeAll, describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment } from '../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  CHALLENGE,
  LoginApp,
  parameter,
  REDIRECT_URI,
  redeem,
  registerClient,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'

const deployment = new Deployment()
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment)
})

describe('redirect URIs (RFC 9700 section 4.1)', () => {
  it.each([
    `${REDIRECT_URI}/`,
    `${REDIRECT_URI}/..`,
    `${REDIRECT_URI}?x=y`,
    `${REDIRECT_URI}#`,
    `${REDIRECT_URI}%20`,
    `${REDIRECT_URI}%2f..`,
    `${REDIRECT_URI}\\`,
    ` ${REDIRECT_URI}`,
    'https://app.example/CB',
    'https://APP.example/cb',
    'https://app.example:443/cb',
    'https://app.example./cb',
    'https://app.example//cb',
    'https://app.example/x/../cb',
    'https://user@app.example/cb',
    'https://app.example@evil.example/cb',
    'https://app.example.evil.example/cb',
    'https://evil.example/https://app.example/cb',
    'https://evil.example\\@app.example/cb',
    'https:app.example/cb',
    'http://app.example/cb',
    '//app.example/cb',
    'javascript:alert(1)//app.example/cb',
    'https://app.example/cb\n',
    'https://xn--app-.example/cb',
  ])(
    'a redirect URI that only looks like the registered one leads to the error page: %s',
    async (redirect_uri) => {
      for (const prompt of [undefined, 'none']) {
        const answer = await new Browser(deployment).next(authorizationPath(client, { redirect_uri, prompt }))
        expect(answer.pathname).toBe('/oauth2/fallbacks/error')
      }
    },
  )
})

describe('what a browser keeps and tells (RFC 9700 sections 4.2, 4.3)', () => {
  it.each([
    '/oauth2/fallbacks/login',
    '/oauth2/fallbacks/error',
    '/ui/login',
    '/ui/consent',
    '/ui/logout',
    '/ui/device',
  ])('no page tells another server its address: %s', async (path) => {
    const { headers } = await deployment.fetch(`${path}?login_challenge=x`)
    expect(headers.get('referrer-policy')).toMatch(/^(?:same-origin|no-referrer)$/)
  })

  it('an authorization URL, code or verifier from the history is worth nothing', async () => {
    const own = new Browser(deployment)
    const app = new LoginApp(deployment)
    const atLogin = parameter(await own.next(authorizationPath(client)), 'login_challenge')
    const afterLogin = await app.decide('login', 'accept', atLogin, { subject: 'history' })
    const atConsent = parameter(await own.next(afterLogin), 'consent_challenge')
    const afterConsent = await app.decide('consent', 'accept', atConsent, { grant_scope: ['openid'] })
    const code = parameter(await own.next(afterConsent), 'code')
    expect((await redeem(deployment, client, code)).status).toBe(200)
    const thief = new Browser(deployment)
    for (const address of [afterLogin, afterConsent]) {
      const answer = await thief.next(address)
      expect(parameter(answer, 'code')).toBe('')
      expect(parameter(answer, 'consent_challenge')).toBe('')
    }
    // In the browser itself the code of the same address is spent.
    expect(parameter(await own.next(afterConsent), 'code')).not.toBe(code)
    expect((await redeem(deployment, client, code)).status).toBe(400)
  })
})

describe('PKCE (RFC 9700 sections 2.1.1, 4.8)', () => {
  const changes: readonly [string, Record<string, string | undefined>, string | undefined][] = [
    [
      'no challenge, a verifier',
      { code_challenge: undefined, code_challenge_method: undefined },
      'v'.repeat(50),
    ],
    ['a challenge, no verifier', {}, undefined],
    ['a challenge, another verifier', {}, 'w'.repeat(50)],
    ['the challenge as verifier', {}, CHALLENGE],
  ]
  it.each(changes)(
    'PKCE cannot be taken away, weakened or added on the way: %s',
    async (_name, request, verifier) => {
      const code = parameter(await authorizeAt(deployment, client, { request }), 'code')
      const rest = verifier === undefined ? {} : { code_verifier: verifier }
      const fields = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, ...rest }
      const answer = await tokenRequest(deployment, client, fields)
      expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_grant'])
    },
  )

  it.each(['plain', 'S512', 's256'])(
    'PKCE cannot be taken away, weakened or added on the way: %s',
    async (method) => {
      const request = authorizationPath(client, { code_challenge_method: method })
      expect(parameter(await new Browser(deployment).next(request), 'error')).toBe('invalid_request')
    },
  )
})

describe('a client and a user of one name (RFC 9700 section 4.15)', () => {
  it('a client never gets a token for itself that passes for a user’s', async () => {
    const { access_token } = await bodyOf(
      await tokenRequest(deployment, client, { grant_type: 'client_credentials', scope: 'api.read' }),
    )
    const told = await deployment.introspect(String(access_token))
    expect(told).toMatchObject({ active: true, sub: client.id, client_id: client.id })
    const headers = { authorization: `Bearer ${String(access_token)}` }
    const userinfo = await deployment.fetch('/userinfo', { headers })
    expect([userinfo.status, (await bodyOf(userinfo))['sub']]).not.toEqual([200, client.id])
    const registering = new Deployment({
      ...deployment.env,
      OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
    })
    const body = JSON.stringify({ client_id: 'alice', redirect_uris: [REDIRECT_URI] })
    const made = await bodyOf(await registering.fetch('/oauth2/register', { method: 'POST', body }))
    expect(made['client_id']).not.toBe('alice')
  })
})
