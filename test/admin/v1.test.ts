import { exportJWK, generateKeyPair } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { ADMIN_KEY, Browser, bodyOf, Deployment, ISSUER } from '../support/deployment.ts'
import {
  authorizationPath,
  logIn,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'

const REQUESTS = '/oauth2/auth/requests'
const SESSIONS = '/oauth2/auth/sessions'
const deployment = new Deployment()
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment)
})

const basic = ({ id, secret }: TestClient) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` })

const consentsOf = async (subject: string): Promise<number> => {
  const answer = await deployment.admin('GET', `/admin${SESSIONS}/consent?subject=${subject}`)
  const body: readonly unknown[] = await answer.json()
  return body.length
}

describe('challenges in the path (v1.0-beta)', () => {
  it('carry a whole login', async () => {
    const browser = new Browser(deployment)
    const login = parameter(await browser.next(authorizationPath(client)), 'login_challenge')
    const shown = await bodyOf(await deployment.admin('GET', `${REQUESTS}/login/${login}`))
    expect(shown).toMatchObject({ challenge: login, skip: false, client: { client_id: client.id } })
    const body = { subject: 'beta', remember: true, remember_for: 60, acr: '0' }
    const accepted = await bodyOf(await deployment.admin('PUT', `${REQUESTS}/login/${login}/accept`, body))
    const consent = parameter(await browser.next(String(accepted['redirect_to'])), 'consent_challenge')
    const asked = await bodyOf(await deployment.admin('GET', `${REQUESTS}/consent/${consent}`))
    expect(asked).toMatchObject({ challenge: consent, subject: 'beta' })
    // `handled_at` and unknown fields were sent by v1 apps.
    const grant = { grant_scope: ['openid'], handled_at: '2020-01-01T00:00:00Z', unknown: 1 }
    const granted = await bodyOf(
      await deployment.admin('PUT', `${REQUESTS}/consent/${consent}/accept`, grant),
    )
    const callback = await browser.next(String(granted['redirect_to']))
    expect(callback.href.startsWith(REDIRECT_URI)).toBe(true)
    expect(callback.searchParams.get('code')).toMatch(/^ory_ac_/)
  })

  it.each(['login', 'consent'] as const)('reject a %s', async (flow) => {
    const browser = new Browser(deployment)
    let challenge = parameter(await browser.next(authorizationPath(client)), 'login_challenge')
    if (flow === 'consent') {
      const accept = await deployment.admin('PUT', `${REQUESTS}/login/${challenge}/accept`, { subject: 'b' })
      const atConsent = await browser.next(String((await bodyOf(accept))['redirect_to']))
      challenge = parameter(atConsent, 'consent_challenge')
    }
    const answer = await deployment.admin('PUT', `${REQUESTS}/${flow}/${challenge}/reject`, {
      error: 'access_denied',
      error_description: 'No.',
    })
    const callback = await browser.next(String((await bodyOf(answer))['redirect_to']))
    expect(callback.searchParams.get('error')).toBe('access_denied')
  })

  it('are 404 when they are not ours, and need the key', async () => {
    expect((await deployment.admin('GET', `${REQUESTS}/login/0123456789abcdef`)).status).toBe(404)
    expect((await deployment.admin('PUT', `${REQUESTS}/consent/0123/accept`, {})).status).toBe(404)
    expect((await deployment.fetch(`${REQUESTS}/login/0123`)).status).toBe(401)
  })
})

describe('answers on paths of v1', () => {
  const later = {
    skip_consent: true,
    skip_logout_consent: false,
    access_token_strategy: 'jwt',
    device_authorization_grant_id_token_lifespan: '1h0m0s',
    application_type: 'web',
    'client_name#de': 'App',
  }
  const members = [...Object.keys(later), 'consent_request_id', 'requested_at', 'registration_client_uri']
  /** The members of later generations, or of neither, that are somewhere in an answer. */
  const found = async (answer: Response): Promise<readonly string[]> => {
    const text = await answer.text()
    expect([answer.status, text]).toEqual([
      expect.toBeOneOf([200, 201]),
      expect.stringContaining('client_id'),
    ])
    return members.filter((name) => text.includes(`"${name}"`))
  }
  let rich: TestClient
  let paths: Readonly<Record<string, string>>

  beforeAll(async () => {
    rich = await registerClient(deployment, later)
    const browser = new Browser(deployment)
    const login = { subject: 'rich', remember: true }
    await logIn(deployment, rich, { browser, login })
    const challengeAt = async (query: string, flow: string) =>
      parameter(await browser.next(query), `${flow}_challenge`)
    const anew = authorizationPath(rich, { prompt: 'login' })
    const atLogin = await challengeAt(anew, 'login')
    const accepted = await deployment.admin('PUT', `${REQUESTS}/login/${atLogin}/accept`, login)
    paths = {
      login: `${REQUESTS}/login?login_challenge=${await challengeAt(anew, 'login')}`,
      consent: `${REQUESTS}/consent?challenge=${await challengeAt(String((await bodyOf(accepted))['redirect_to']), 'consent')}`,
      logout: `${REQUESTS}/logout?challenge=${await challengeAt(`/oauth2/sessions/logout?client_id=${rich.id}`, 'logout')}`,
      sessions: `${SESSIONS}/consent?subject=rich`,
      client: `/clients/${rich.id}`,
      clients: '/clients?page_size=500',
      lifespans: `/clients/${rich.id}/lifespans`,
    }
  })

  it.each<readonly [string, string, readonly string[], unknown]>([
    ['login', 'GET', Object.keys(later), undefined],
    ['consent', 'GET', [...Object.keys(later), 'consent_request_id'], undefined],
    ['sessions', 'GET', [...Object.keys(later), 'consent_request_id'], undefined],
    ['client', 'GET', Object.keys(later), undefined],
    ['clients', 'GET', Object.keys(later), undefined],
    ['client', 'PATCH', Object.keys(later), []],
    ['client', 'PUT', Object.keys(later), { ...later, redirect_uris: [REDIRECT_URI] }],
    ['lifespans', 'PUT', members.slice(0, 6), { device_authorization_grant_id_token_lifespan: '2h' }],
  ])('have only members that v1.11 has: %s by %s', async (what, method, kept, body) => {
    const path = paths[what] ?? ''
    expect(await found(await deployment.admin(method, path, body))).toEqual([])
    expect(await found(await deployment.admin(method, `/admin${path}`, body))).toEqual(kept)
  })

  it.each<readonly [string, boolean]>([
    ['/clients/', true],
    ['//clients//', true],
    ['/admin/clients/', false],
    ['//admin//clients/', false],
  ])('are told by the prefix, whatever the slashes: %s', async (prefix, isV1) => {
    const members = await found(await deployment.admin('GET', `${ISSUER}${prefix}${rich.id}`))
    expect(members.length === 0).toBe(isV1)
  })

  it('lose nothing that they do not show, where what was read is sent back', async () => {
    const signed = { ...later, require_signed_request_object: true, id_token_signed_response_alg: 'RS256' }
    const { id } = await registerClient(deployment, signed)
    const read = await bodyOf(await deployment.admin('GET', `/clients/${id}`))
    const put = await deployment.admin('PUT', `/clients/${id}`, { ...read, client_name: 'New' })
    expect(put.status).toBe(200)
    const kept = await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))
    expect(kept).toMatchObject({ ...signed, client_name: 'New' })
    // What is sent counts, and the path of today replaces everything.
    await deployment.admin('PUT', `/clients/${id}`, { ...read, require_signed_request_object: false })
    const named = await bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))
    expect(named).toMatchObject(later)
    expect(named).not.toHaveProperty('require_signed_request_object')
    await deployment.admin('PUT', `/admin/clients/${id}`, read)
    expect(await found(await deployment.admin('GET', `/admin/clients/${id}`))).toEqual(['skip_consent'])
  })

  it('have no registration token, which v1.9 does not know', async () => {
    expect(await found(await deployment.admin('POST', '/clients', {}))).toEqual([])
    const created = await deployment.admin('POST', '/admin/clients', {})
    expect(await found(created)).toEqual(['skip_consent', 'registration_client_uri'])
  })

  it('tell of a logout what v1.11 tells', async () => {
    const logout = await bodyOf(await deployment.admin('GET', paths['logout'] ?? ''))
    const common = ['challenge', 'request_url', 'rp_initiated', 'sid', 'subject']
    expect(Object.keys(logout)).toEqual(expect.arrayContaining(common))
    expect(Object.keys(logout).filter((name) => ![...common, 'client'].includes(name))).toEqual([])
  })

  it('have keys without members that v1 does not know', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true })
    const key = { ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'ES256', key_ops: ['verify'] }
    const put = await deployment.admin('PUT', '/keys/of-v1', { keys: [key] })
    const names = ({ keys: [shown] }: { keys: readonly object[] }) => Object.keys(shown ?? {}).sort()
    expect([put.status, names(await put.json())]).toEqual([
      200,
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
    ])
  })
})

describe('sessions by path (v1.0)', () => {
  it.each([
    ['all of a subject, which alone means all', (subject: string) => `${SESSIONS}/consent/${subject}`],
    ['those of one client', (subject: string) => `${SESSIONS}/consent/${subject}/${client.id}`],
  ])('lists and revokes consents: %s', async (title, path) => {
    const subject = `path/user ${title.length}`
    const escaped = encodeURIComponent(subject)
    const { access_token } = await logIn(deployment, client, { login: { subject } })
    const listed = await deployment.admin('GET', `${SESSIONS}/consent/${escaped}`)
    expect(await listed.json()).toMatchObject([{ consent_request: { subject } }])
    expect((await deployment.admin('DELETE', path(escaped))).status).toBe(204)
    expect(await consentsOf(escaped)).toBe(0)
    expect(await deployment.introspect(access_token)).toEqual({ active: false })
  })

  it('leaves the consents of other clients, and does not let the query widen it', async () => {
    await logIn(deployment, client, { login: { subject: 'narrow' } })
    const other = await registerClient(deployment)
    const path = `${SESSIONS}/consent/narrow/${other.id}?all=true`
    expect((await deployment.admin('DELETE', path)).status).toBe(204)
    expect(await consentsOf('narrow')).toBe(1)
  })

  it.each([
    ['', '', 204],
    ['/admin', '', 400],
    ['', '&client=', 400],
    ['', '&all=false', 400],
    ['/admin', '&all=True', 204],
    ['/admin', '&all=TRUE', 204],
    ['/admin', '&all=1', 204],
    ['/admin', '&all=yes', 400],
    ['/admin', '&client=x&all=False', 204],
    ['/admin', '&client=x&all=true', 400],
    ['', '&client=&all=0', 400],
  ])("takes the subject alone for all in a v1 path only: '%s' with '%s'", async (prefix, rest, status) => {
    const path = `${prefix}${SESSIONS}/consent?subject=alice${rest}`
    expect((await deployment.admin('DELETE', path)).status).toBe(status)
  })

  it.each(['/', '/.', '/%2e', '?client='])("does not take an empty client for all: '%s'", async (rest) => {
    await logIn(deployment, client, { login: { subject: 'dotted' } })
    expect((await deployment.admin('DELETE', `${SESSIONS}/consent/dotted${rest}`)).status).toBe(400)
    expect(await consentsOf('dotted')).toBeGreaterThan(0)
  })

  it('ends the logins of a subject', async () => {
    const browser = new Browser(deployment)
    await logIn(deployment, client, { browser, login: { subject: 'ended', remember: true } })
    expect((await deployment.admin('DELETE', `${SESSIONS}/login/ended`)).status).toBe(204)
    const again = await browser.next(authorizationPath(client, { prompt: 'none' }))
    expect(again.searchParams.get('error')).toBe('login_required')
  })

  it('leads the old logout address to the logout of today', async () => {
    const answer = await deployment.fetch(`${SESSIONS}/login/revoke`)
    const today = await deployment.fetch('/oauth2/sessions/logout')
    expect([answer.status, answer.headers.get('location')]).toEqual([302, today.headers.get('location')])
  })
})

/** Names that need escaping, or look like something else. */
const ODD_NAMES = [
  '/',
  'a//b/',
  'a%b',
  '%2e',
  '%2F..',
  '...',
  '../x',
  ' ',
  'a+b?c#d&e=f',
  'a\\b',
  ';:@$,!*()\'"<>[]{}|^`~',
  'rotate',
  'revoke',
  'ü€😀',
  'ü'.repeat(255),
]

/** The paths of v1 and of v2. */
const PREFIXES = ['', '/admin'] as const

describe('what was made under an odd name, with and without /admin', () => {
  const ask = async (method: string, path: string, body?: unknown): Promise<number> =>
    (await deployment.admin(method, path, body)).status
  const seen = (path: string): Promise<readonly number[]> =>
    Promise.all(PREFIXES.map((prefix) => ask('GET', prefix + path)))

  it.each(ODD_NAMES)('is read, changed and deleted: client %j', async (client_id) => {
    const path = `/clients/${encodeURIComponent(client_id)}`
    for (const [at, prefix] of PREFIXES.entries()) {
      const created = await deployment.admin('POST', `${prefix}/clients`, { client_id })
      expect([created.status, created.headers.get('location')]).toEqual([201, `/admin${path}`])
      expect(await seen(path)).toEqual([200, 200])
      const patch = [{ op: 'replace', path: '/client_name', value: 'changed' }]
      if (at === 0) {
        expect(await ask('PATCH', prefix + path, patch)).toBe(200)
        expect(await ask('PUT', `${prefix}${path}/lifespans`, {})).toBe(200)
      } else {
        expect(await ask('POST', `${prefix}${path}/secrets/rotate`)).toBe(200)
        expect(await ask('PUT', prefix + path, { client_name: 'changed' })).toBe(200)
      }
      expect(await ask('DELETE', prefix + path)).toBe(204)
      expect(await seen(path)).toEqual([404, 404])
    }
  })

  it.each(ODD_NAMES)('is read, changed and deleted: key %j of a set of that name', async (kid) => {
    const set = `/keys/${encodeURIComponent(kid)}`
    const path = `${set}/${encodeURIComponent(kid)}`
    for (const prefix of PREFIXES) {
      expect(await ask('POST', prefix + set, { alg: 'EdDSA', kid })).toBe(201)
      expect(await ask('POST', prefix + set, { alg: 'EdDSA', kid: 'other' })).toBe(201)
      const { keys } = await (await deployment.admin('GET', prefix + path)).json<{ keys: object[] }>()
      expect(keys).toMatchObject([{ kid }])
      expect(await ask('PUT', prefix + path, keys[0])).toBe(200)
      expect(await ask('DELETE', prefix + path)).toBe(204)
      expect([await seen(path), await seen(set)]).toEqual([
        [404, 404],
        [200, 200],
      ])
      expect(await ask('DELETE', prefix + set)).toBe(204)
    }
    expect(await seen(set)).toEqual([404, 404])
  })

  it.each(ODD_NAMES)('is read and ended: consent and login of %j', async (subject) => {
    const browser = new Browser(deployment)
    await logIn(deployment, client, { browser, login: { subject, remember: true } })
    const named = encodeURIComponent(subject)
    for (const prefix of PREFIXES)
      for (const query of [`/${named}`, `?subject=${named}`]) {
        const listed = await deployment.admin('GET', `${prefix}${SESSIONS}/consent${query}`)
        expect(await listed.json()).toMatchObject([{ consent_request: { subject } }])
      }
    expect(await ask('DELETE', `${SESSIONS}/consent/${named}/${client.id}`)).toBe(204)
    expect(await consentsOf(named)).toBe(0)
    expect(await ask('DELETE', `/admin${SESSIONS}/login/${named}`)).toBe(204)
    const silent = await browser.next(authorizationPath(client, { prompt: 'none' }))
    expect(parameter(silent, 'error')).toBe('login_required')
  })
})

describe('consents by limit and offset', () => {
  it('come with X-Total-Count and links', async () => {
    for (let count = 0; count < 3; count += 1) {
      await logIn(deployment, client, { login: { subject: 'paged' } })
    }
    const seen: unknown[] = []
    for (const offset of [0, 2]) {
      const path = `${SESSIONS}/consent?subject=paged&limit=2&offset=${offset}`
      const page = await deployment.admin('GET', path)
      expect(page.headers.get('x-total-count')).toBe('3')
      expect(page.headers.get('link')?.includes('rel="next"')).toBe(offset === 0)
      const items: readonly { consent_request: { login_challenge: string } }[] = await page.json()
      seen.push(...items.map((item) => item.consent_request.login_challenge))
    }
    expect(new Set(seen).size).toBe(3)
    const nobody = await deployment.admin('GET', `${SESSIONS}/consent?subject=nobody&limit=2`)
    expect([nobody.headers.get('x-total-count'), await nobody.json()]).toEqual(['0', []])
  })
})

describe('flush', () => {
  it.each([
    ['an instant', { notAfter: '2026-01-31T12:00:00Z' }, 204],
    ['an instant with offset', { notAfter: '2026-01-31T12:00:00.123+01:00' }, 204],
    ['no instant', {}, 204],
    ['garbage', { notAfter: 'yesterday' }, 400],
    ['a number', { notAfter: 5 }, 400],
    ['a text', 'now', 400],
  ])('takes %s', async (_title, body, status) => {
    expect((await deployment.admin('POST', '/oauth2/flush', body)).status).toBe(status)
  })

  it('is refused without JSON and without the key', async () => {
    expect((await deployment.admin('POST', '/oauth2/flush')).status).toBe(400)
    expect((await deployment.fetch('/oauth2/flush', { method: 'POST', body: '{}' })).status).toBe(401)
  })

  it('touches nothing that is active', async () => {
    const { access_token } = await logIn(deployment, client)
    await deployment.admin('POST', '/oauth2/flush', { notAfter: '2999-01-01T00:00:00Z' })
    expect(await deployment.introspect(access_token)).toMatchObject({ active: true })
  })
})

describe('introspection by a client (v1.0)', () => {
  const ask = async (asker: TestClient, token: string, path = '/oauth2/introspect') => {
    const response = await deployment.form(path, { token }, basic(asker))
    return [response.status, await bodyOf(response)] as const
  }
  let resourceServer: TestClient
  let owner: TestClient

  beforeAll(async () => {
    resourceServer = await registerClient(deployment)
    owner = await registerClient(deployment, { audience: [resourceServer.id] })
  })

  it('answers the client the token was issued to', async () => {
    const { access_token, refresh_token } = await logIn(deployment, owner)
    for (const token of [access_token, refresh_token]) {
      expect(await ask(owner, token)).toMatchObject([200, { active: true, client_id: owner.id }])
      expect(await ask(resourceServer, token)).toEqual([200, { active: false }])
    }
  })

  it('answers the client an access token is meant for, not about the refresh token', async () => {
    const { access_token, refresh_token } = await logIn(deployment, owner, {
      consent: { grant_access_token_audience: [resourceServer.id] },
    })
    expect(await ask(resourceServer, access_token)).toMatchObject([200, { aud: [resourceServer.id] }])
    expect(await ask(resourceServer, refresh_token)).toEqual([200, { active: false }])
  })

  it('answers about client_credentials tokens by the same rule', async () => {
    const fields = { grant_type: 'client_credentials', audience: resourceServer.id }
    const issued = await bodyOf(await tokenRequest(deployment, owner, fields))
    const token = String(issued['access_token'])
    const third = await registerClient(deployment)
    expect(await ask(owner, token)).toMatchObject([200, { active: true }])
    expect(await ask(resourceServer, token)).toMatchObject([200, { active: true }])
    expect(await ask(third, token)).toEqual([200, { active: false }])
  })

  it('refuses a wrong secret, a public client, and the path with the prefix', async () => {
    const open = await registerClient(deployment, { token_endpoint_auth_method: 'none' })
    expect(await ask({ ...owner, secret: 'wrong-secret' }, 'x')).toMatchObject([
      401,
      { error: 'invalid_client' },
    ])
    expect(await ask({ ...open, secret: '' }, 'x')).toMatchObject([401, { error: 'invalid_client' }])
    expect((await ask(owner, 'x', '/admin/oauth2/introspect'))[0]).toBe(401)
    expect((await ask(owner, 'x', '/admin//oauth2/introspect'))[0]).toBe(401)
  })

  it('takes the admin key on both paths, for any token', async () => {
    const { access_token } = await logIn(deployment, owner)
    for (const path of ['/oauth2/introspect', '/admin/oauth2/introspect']) {
      const headers = { authorization: `Bearer ${ADMIN_KEY}` }
      const answer = await deployment.form(path, { token: access_token }, headers)
      expect(await bodyOf(answer)).toMatchObject({ active: true })
    }
  })
})

describe('the rest of v1', () => {
  it('takes a body with a rejected logout', async () => {
    const browser = new Browser(deployment)
    await logIn(deployment, client, { browser, login: { remember: true } })
    const challenge = parameter(await browser.next(`${ISSUER}/oauth2/sessions/logout`), 'logout_challenge')
    const path = `${REQUESTS}/logout/reject?challenge=${challenge}`
    expect((await deployment.admin('PUT', path, { error: 'no' })).status).toBe(204)
  })
})
