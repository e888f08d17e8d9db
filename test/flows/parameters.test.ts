import { decodeJwt } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_KEY, Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { DEVICE_GRANT, registerDeviceClient } from '../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  parameter,
  redeem,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const FORM = 'application/x-www-form-urlencoded'
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment)
})

const post = (path: string, body: string, headers: Record<string, string>): Promise<Response> =>
  deployment.fetch(path, { method: 'POST', body, headers })

describe('a repeated parameter (contract 8.2)', () => {
  const endpoints: readonly (readonly [path: string, body: string])[] = [
    ['/oauth2/token', 'grant_type=client_credentials'],
    ['/oauth2/revoke', 'token=x'],
    ['/oauth2/device/auth', 'scope=openid'],
    ['/oauth2/introspect', 'token=x'],
  ]
  const ask = async (path: string, body: string): Promise<readonly unknown[]> => {
    const asker = await registerDeviceClient(deployment, {
      grant_types: [DEVICE_GRANT, 'client_credentials'],
    })
    const authorization = `Basic ${btoa(`${asker.id}:${asker.secret}`)}`
    const text = `client_id=${asker.id}&${body}`
    const response = await post(path, text, { 'content-type': FORM, authorization })
    return [response.status, (await response.text()).match(/"error":"(\w+)"/)?.[1]]
  }

  it.each(endpoints)('is fine at %s with equal values, as a list, and unknown', async (path, body) => {
    const [name = '', value] = body.split('=')
    expect(await ask(path, `${body}&${name}=${value}&${name}=`)).toEqual([200, undefined])
    expect(await ask(path, `${body}&scope=openid&scope=offline`)).toEqual([200, undefined])
    expect(await ask(path, `${body}&ui=1&ui=2`)).toEqual([200, undefined])
  })

  it.each(endpoints)('is refused at %s with different values', async (path, body) => {
    expect(await ask(path, `${body}&token_type_hint=a&token_type_hint=b`)).toEqual([400, 'invalid_request'])
    expect(await ask(path, `${body}&client_id=another`)).toEqual([400, 'invalid_request'])
  })

  it('gives the first scope alone, and every audience', async () => {
    const fields = 'grant_type=client_credentials&scope=api.read&scope=email&audience=a&audience=b'
    const asker = await registerClient(deployment, { audience: ['a', 'b'] })
    const authorization = `Basic ${btoa(`${asker.id}:${asker.secret}`)}`
    const issued = await bodyOf(await post('/oauth2/token', fields, { 'content-type': FORM, authorization }))
    expect(issued['scope']).toBe('api.read')
    expect(await deployment.introspect(String(issued['access_token']))).toMatchObject({ aud: ['a', 'b'] })
  })

  const told = async (at: URL): Promise<Record<string, unknown>> =>
    bodyOf(await new LoginApp(deployment).get('login', parameter(at, 'login_challenge')))

  it.each(['GET', 'POST'])('by %s: an app reads only what counted', async (method) => {
    const path = authorizationPath(client, { scope: 'openid', login_hint: '' })
    const asked = `${path}&scope=profile&state=state-0123456789&ui=1&ui=2&login_hint=kim&display=%70age`
    const browser = new Browser(deployment)
    const [url = '', text] = asked.split('?')
    const init = { method, body: new URLSearchParams(text) }
    const request = await told(await (method === 'GET' ? browser.next(asked) : browser.next(url, init)))
    const { searchParams } = new URL(String(request['request_url']))
    expect(request).toMatchObject({ requested_scope: ['openid'], oidc_context: { login_hint: 'kim' } })
    expect(['scope', 'state', 'login_hint', 'ui'].map((name) => searchParams.getAll(name))).toEqual([
      ['openid'],
      ['state-0123456789'],
      ['kim'],
      ['1', '2'],
    ])
    expect(String(request['request_url']).includes('display=%70age')).toBe(method === 'GET')
  })

  it.each(['client_id=x', 'redirect_uri=https://evil.example/', 'code_challenge=x', 'login_verifier=x'])(
    'is refused at the authorization endpoint: %s',
    async (other) => {
      const path = `${authorizationPath(client)}&login_verifier=y&${other}`
      const at = await new Browser(deployment).next(path)
      expect([at.pathname, parameter(at, 'error')]).toEqual(['/oauth2/fallbacks/error', 'invalid_request'])
    },
  )

  it('is refused in the admin API, where a subject could be another one', async () => {
    const path = '/admin/oauth2/auth/sessions/consent?subject=kim&subject=lee&all=true'
    const response = await deployment.admin('DELETE', path)
    expect([response.status, (await bodyOf(response))['error']]).toEqual([400, 'invalid_request'])
  })

  it.each(['undefined', 'null', '[object Object]'])(
    'the text of an unset variable says nothing, but as a state it comes back: %s',
    async (text) => {
      const optional = ['id_token_hint', 'login_hint', 'max_age', 'prompt', 'display', 'acr_values', 'claims']
      const unset = Object.fromEntries(optional.map((name) => [name, text]))
      const request = { ...unset, response_mode: text, state: text }
      expect(parameter(await authorizeAt(deployment, client, { request }), 'state')).toBe(text)
      const { oidc_context, request_url } = await told(
        await new Browser(deployment).next(authorizationPath(client, request)),
      )
      expect(oidc_context).toEqual({})
      expect([...new URL(String(request_url)).searchParams].filter(([, value]) => value === text)).toEqual([
        ['state', text],
      ])
    },
  )
})

describe('a token that is missing or empty', () => {
  it.each(['token=', 'token_type_hint=access_token'])(
    'is answered like an inactive one: %s',
    async (body) => {
      const headers = { 'content-type': FORM, authorization: `Bearer ${ADMIN_KEY}` }
      const init = { method: 'POST', body, headers }
      const asked = await deployment.bear('/admin/oauth2/introspect', init)
      expect([asked.status, await bodyOf(asked)]).toEqual([200, { active: false }])
      const authorization = `Basic ${btoa(`${client.id}:${client.secret}`)}`
      const revoked = await deployment.bear('/oauth2/revoke', {
        ...init,
        headers: { ...headers, authorization },
      })
      expect([revoked.status, await revoked.text()]).toEqual([200, ''])
    },
  )

  it('is told to nobody who does not authenticate, and an empty body is an error', async () => {
    const authorization = `Basic ${btoa(`${client.id}:wrong-secret`)}`
    const headers = { 'content-type': FORM, authorization }
    expect((await post('/oauth2/revoke', 'token=', headers)).status).toBe(401)
    expect((await post('/oauth2/introspect', 'token=', headers)).status).toBe(401)
    expect((await post('/oauth2/revoke', '', headers)).status).toBe(400)
    const admin = { 'content-type': FORM, authorization: `Bearer ${ADMIN_KEY}` }
    expect((await post('/admin/oauth2/introspect', '', admin)).status).toBe(400)
  })
})

describe('what says nothing in the body of an app', () => {
  it.each([
    [[null], []],
    [[''], []],
    [null, []],
    [['openid', null, ''], ['openid']],
  ])('grants no scope for null or empty: %j', async (grant_scope, granted) => {
    const login = { amr: [null, 'pwd', ''] }
    const consent = { grant_scope, grant_access_token_audience: grant_scope && [null, ''] }
    const callback = await authorizeAt(deployment, client, { login, consent })
    expect(parameter(callback, 'scope')).toBe(granted.join(' '))
    const tokens = await bodyOf(await redeem(deployment, client, parameter(callback, 'code')))
    expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({
      active: true,
      aud: [],
    })
    if (granted.length > 0) expect(decodeJwt(String(tokens['id_token']))['amr']).toEqual(['pwd'])
  })

  it('remembers no login and no consent for less than no time', async () => {
    const browser = new Browser(deployment)
    const forget = { remember: true, remember_for: -1 }
    const login = { subject: `forgetful-${crypto.randomUUID()}` }
    await authorizeAt(deployment, client, { browser, login: { ...login, ...forget } })
    const silent = await browser.next(authorizationPath(client, { prompt: 'none' }))
    expect(parameter(silent, 'error')).toBe('login_required')
    const remembered = { ...login, remember: true }
    await authorizeAt(deployment, client, { browser, login: remembered, consent: forget })
    const again = await browser.next(authorizationPath(client, { prompt: 'none' }))
    const accepted = await new LoginApp(deployment).decide(
      'login',
      'accept',
      parameter(again, 'login_challenge'),
      login,
    )
    expect(parameter(await browser.next(accepted), 'error')).toBe('consent_required')
  })

  it.each(['accept', 'reject'] as const)('%s takes null for all that may be left out', async (verdict) => {
    const app = new LoginApp(deployment)
    const browser = new Browser(deployment)
    const nothing = (names: string): object =>
      Object.fromEntries(names.split(' ').map((name) => [name, null]))
    const denial = nothing('error error_description error_hint error_debug status_code')
    const login = {
      ...nothing('acr amr context remember remember_for extend_session_lifespan authenticated_at'),
      ...nothing('force_subject_identifier identity_provider_session_id'),
      subject: 'kim',
    }
    const consent = {
      ...nothing('grant_scope grant_access_token_audience context remember remember_for handled_at'),
      session: { access_token: null, id_token: null },
    }
    const atLogin = await browser.next(authorizationPath(client))
    const challenge = parameter(atLogin, 'login_challenge')
    if (verdict === 'reject') {
      const told = await browser.next(await app.decide('login', 'reject', challenge, denial))
      expect(parameter(told, 'error')).toBe('login request denied')
      expect(parameter(told, 'error_description')).toBe('The login was rejected.')
    }
    const atConsent = await browser.next(await app.decide('login', 'accept', challenge, login))
    const body = verdict === 'accept' ? consent : denial
    const next = await app.decide('consent', verdict, parameter(atConsent, 'consent_challenge'), body)
    const { searchParams } = await browser.next(next)
    expect(searchParams.has('code')).toBe(verdict === 'accept')
    expect(searchParams.get('error')).toBe(verdict === 'accept' ? null : 'consent request denied')
  })

  it('is no member of a list of a client either, by PATCH and by registration', async () => {
    const { id } = await registerClient(deployment)
    const patch = [
      { op: 'add', path: '/contacts', value: [null, 'me', ''] },
      { op: 'add', path: '/audience/-', value: null },
    ]
    const patched = await bodyOf(await deployment.admin('PATCH', `/admin/clients/${id}`, patch))
    expect(patched).toMatchObject({ contacts: ['me'], audience: ['https://api.example'] })
    const open = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
    const sent = {
      redirect_uris: ['https://app.example/cb', null, ''],
      contacts: [null],
      grant_types: [null],
    }
    const init = { method: 'POST', body: JSON.stringify(sent) }
    const registered = await open.fetch('/oauth2/register', init)
    const shown = await bodyOf(registered)
    expect([registered.status, shown['redirect_uris'], shown['grant_types']]).toEqual([
      201,
      ['https://app.example/cb'],
      ['authorization_code'],
    ])
    expect(shown).not.toHaveProperty('contacts')
  })
})
