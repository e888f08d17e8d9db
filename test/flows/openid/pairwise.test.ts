import { createHash } from 'node:crypto'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ADMIN_KEY, Browser, bodyOf, Deployment, testEnv } from '../../support/deployment.ts'
import { askDevice, DEVICE_GRANT } from '../../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  authorizedForm,
  type FlowOptions,
  LoginApp,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../../support/relying-party.ts'

const SALT = 'a-salt-of-the-operator'
const SECTOR = 'https://sector.example/uris.json'
const BACK = 'https://rp.example/backchannel'
const GOODBYE = 'https://app.example/goodbye'
const PAIRWISE = {
  OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
  OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: SALT,
}

let deployment: Deployment
let subject: string
let posted: string[]

beforeEach(() => {
  deployment = new Deployment(testEnv(PAIRWISE))
  subject = `user-${crypto.randomUUID()}`
  posted = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    if (request.url === SECTOR) return Response.json(['https://app.example/cb', 'https://other.example/cb'])
    posted.push(new URLSearchParams(await request.text()).get('logout_token') ?? '')
    return new Response(null, { status: 204 })
  })
})

afterEach(() => {
  vi.restoreAllMocks()
})

const register = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, { subject_type: 'pairwise', post_logout_redirect_uris: [GOODBYE], ...metadata })

const hashed = (sector: string): string =>
  createHash('sha256')
    .update(sector + subject + SALT)
    .digest('hex')

async function logInAt(
  client: TestClient,
  { browser = new Browser(deployment), login = {}, request = {}, consent = {} }: FlowOptions = {},
): Promise<Record<string, unknown>> {
  const at = await authorizeAt(deployment, client, {
    browser,
    request,
    consent,
    login: { subject, remember: true, ...login },
  })
  return bodyOf(await redeem(deployment, client, parameter(at, 'code')))
}

const claimsOf = (tokens: Record<string, unknown>): Record<string, unknown> =>
  decodeJwt(String(tokens['id_token']))

describe('a client that registers itself with the address of another application', () => {
  const asked = {
    subject_type: 'pairwise',
    redirect_uris: ['https://app.example/never-used'],
    scope: 'openid offline_access',
    token_endpoint_auth_method: 'client_secret_basic',
  }
  const both = [DEVICE_GRANT, 'authorization_code']
  const send = (method: string, path: string, body: object, token = ''): Promise<Response> =>
    deployment.fetch(path, {
      ...{ method, body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    })

  beforeEach(() => {
    deployment = new Deployment(testEnv({ ...PAIRWISE, OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
  })

  const put = ({ registration_access_token: token, client_id: id }: Record<string, unknown>, body: object) =>
    send('PUT', `/oauth2/register/${id}`, body, String(token))
  const change = async (answer: Response, times = 1): Promise<Record<string, unknown>> => {
    let made = await bodyOf(answer)
    for (let done = 0; done < times; done += 1)
      made = { ...made, ...(await bodyOf(await put(made, { ...asked, grant_types: both }))) }
    return made
  }
  /** Makes a client pairwise in the database alone, as no request does. */
  const asPairwise = async (id: string): Promise<Deployment> => {
    const env = testEnv(PAIRWISE)
    const update =
      "UPDATE clients SET metadata = json_set(metadata, '$.subject_type', 'pairwise') WHERE id = ?"
    await env.DB.prepare(update).bind(id).run()
    for (const { name } of (await env.COPIES.list()).keys) await env.COPIES.delete(name)
    return new Deployment(env)
  }
  const open = { ...asked, subject_type: 'public', grant_types: both }
  const ways: readonly [string, () => Promise<Record<string, unknown>>][] = [
    ['at once', async () => bodyOf(await send('POST', '/oauth2/register', { ...asked, grant_types: both }))],
    ['by a change', async () => change(await send('POST', '/oauth2/register', open))],
    [
      'by a change of what an admin made',
      async () => change(await deployment.admin('POST', '/admin/clients', { ...open, redirect_uris: [] })),
    ],
    [
      'by two changes of what an admin made',
      async () => change(await deployment.admin('POST', '/admin/clients', { ...open, redirect_uris: [] }), 2),
    ],
  ]

  it.each(ways)('learns by no device what that one calls its users: %s', async (_how, make) => {
    const { client_id, client_secret, grant_types, subject_type } = await make()
    expect([grant_types, subject_type]).toEqual([['authorization_code'], 'pairwise'])
    const client = { id: String(client_id), secret: String(client_secret) }
    expect((await askDevice(deployment, client)).status).toBe(400)
  })

  it('learns nothing by devices that 0.3.0 let it have', async () => {
    const made = await bodyOf(await send('POST', '/oauth2/register', open))
    const client = { id: String(made['client_id']), secret: String(made['client_secret']) }
    const answer = await askDevice(await asPairwise(client.id), client)
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_grant'])
  })

  it('learns nothing by asking about tokens that are meant for it', async () => {
    const made = await bodyOf(
      await send('POST', '/oauth2/register', { ...asked, grant_types: ['authorization_code'] }),
    )
    const audience = String(made['client_id'])
    const other = { ...open, redirect_uris: ['https://app.example/cb'], audience: [audience] }
    const helper = await bodyOf(await send('POST', '/oauth2/register', other))
    const { access_token } = await logInAt(
      { id: String(helper['client_id']), secret: String(helper['client_secret']) },
      { request: { audience, scope: 'openid' }, consent: { grant_access_token_audience: [audience] } },
    )
    const client = { id: audience, secret: String(made['client_secret']) }
    const answer = await authorizedForm(deployment, '/oauth2/introspect', client, {
      token: String(access_token),
    })
    const { active, sub } = await bodyOf(answer)
    expect(active).toBe(true)
    expect([hashed('app.example'), subject]).not.toContain(sub)
  })

  const elsewhere = { ...asked, redirect_uris: ['https://app.example/cb'], backchannel_logout_uri: BACK }

  it('has its logout tokens sent to no other place', async () => {
    const answer = await send('POST', '/oauth2/register', elsewhere)
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_client_metadata'])
    const own = { ...elsewhere, backchannel_logout_uri: 'https://app.example/back' }
    expect((await send('POST', '/oauth2/register', own)).status).toBe(201)
  })

  it.each([
    ['after an admin changed something else', { backchannel_logout_uri: BACK }],
    ['as a public client', { subject_type: 'public', backchannel_logout_uri: BACK }],
    ['as a public client later on', { subject_type: 'public' }],
  ])('nor by a change: %s', async (when, wanted) => {
    const own = { ...elsewhere, backchannel_logout_uri: 'https://app.example/back' }
    const made = await bodyOf(await send('POST', '/oauth2/register', own))
    if (when.includes('admin'))
      await deployment.admin('PATCH', `/admin/clients/${made['client_id']}`, [
        { op: 'replace', path: '/client_name', value: 'Seen' },
      ])
    const answer = await put(made, { ...own, ...wanted })
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_client_metadata'])
  })

  it('gets no logout token elsewhere where 0.3.0 took it', async () => {
    const made = await bodyOf(
      await send('POST', '/oauth2/register', { ...elsewhere, subject_type: 'public' }),
    )
    const client = { id: String(made['client_id']), secret: String(made['client_secret']) }
    deployment = await asPairwise(client.id)
    await logInAt(client, { consent: { grant_scope: ['openid'] }, request: { scope: 'openid' } })
    await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
    expect(posted).toEqual([])
  })

  it('is refused if it wants devices alone', async () => {
    const answer = await send('POST', '/oauth2/register', { ...asked, grant_types: [DEVICE_GRANT] })
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_client_metadata'])
  })

  it('has devices with public subjects', async () => {
    const made = await bodyOf(await send('POST', '/oauth2/register', open))
    const client = { id: String(made['client_id']), secret: String(made['client_secret']) }
    expect((await askDevice(deployment, client)).status).toBe(200)
  })
})

describe('pairwise subjects', () => {
  it("are Hydra's hash, the same in ID token, userinfo and refresh; introspection tells both", async () => {
    const client = await register()
    const tokens = await logInAt(client)
    const sub = hashed('app.example')
    expect(claimsOf(tokens)['sub']).toBe(sub)
    const headers = { authorization: `Bearer ${tokens['access_token']}` }
    expect(await bodyOf(await deployment.fetch('/userinfo', { headers }))).toMatchObject({ sub })
    expect(await deployment.introspect(String(tokens['access_token']))).toMatchObject({
      sub: subject,
      obfuscated_subject: sub,
    })
    const renewed = await bodyOf(await refresh(deployment, client, String(tokens['refresh_token'])))
    expect(claimsOf(renewed)).toMatchObject({ sub, sid: claimsOf(tokens)['sid'] })
  })

  it('are shared within a sector and differ between sectors', async () => {
    const [here, there, sector] = await Promise.all([
      register(),
      register({ token_endpoint_auth_method: 'client_secret_post' }),
      register({ sector_identifier_uri: SECTOR }),
    ])
    const subs = []
    for (const client of [here, sector]) subs.push(claimsOf(await logInAt(client))['sub'])
    expect(subs).toEqual([hashed('app.example'), hashed(SECTOR)])
    const at = await authorizeAt(deployment, there, { login: { subject } })
    const response = await deployment.form('/oauth2/token', {
      grant_type: 'authorization_code',
      code: parameter(at, 'code'),
      redirect_uri: 'https://app.example/cb',
      code_verifier: 'test-verifier-of-at-least-forty-three-characters-length',
      client_id: there.id,
      client_secret: there.secret,
    })
    expect(claimsOf(await bodyOf(response))['sub']).toBe(hashed('app.example'))
  })

  it('of JWT access tokens and front-channel tokens tell no more', async () => {
    const client = await register({
      access_token_strategy: 'jwt',
      response_types: ['code', 'id_token token'],
      grant_types: ['authorization_code', 'implicit'],
    })
    const tokens = await logInAt(client)
    expect(decodeJwt(String(tokens['access_token'])).sub).toBe(hashed('app.example'))
    const at = await authorizeAt(deployment, client, {
      request: { response_type: 'id_token token' },
      login: { subject },
    })
    const front = new URLSearchParams(at.hash.slice(1))
    for (const name of ['id_token', 'access_token'])
      expect(decodeJwt(front.get(name) ?? '').sub).toBe(hashed('app.example'))
  })

  it('may be chosen by the login app, for pairwise clients only', async () => {
    const login = { force_subject_identifier: 'the-name-they-know' }
    expect(claimsOf(await logInAt(await register(), { login }))['sub']).toBe('the-name-they-know')
    expect(claimsOf(await logInAt(await register({ subject_type: 'public' }), { login }))['sub']).toBe(
      subject,
    )
  })

  it('count as a hint for the user they stand for', async () => {
    const client = await register()
    const browser = new Browser(deployment)
    const hint = String((await logInAt(client, { browser }))['id_token'])
    const silent = authorizationPath(client, { prompt: 'none', id_token_hint: hint })
    expect((await browser.next(silent)).searchParams.has('login_challenge')).toBe(true)
    subject = 'somebody-else'
    const other = new Browser(deployment)
    await logInAt(client, { browser: other })
    expect(parameter(await other.next(silent), 'error')).toBe('login_required')
    const at = await authorizeAt(deployment, client, { request: { id_token_hint: hint }, login: { subject } })
    expect(parameter(at, 'error')).toBe('login_required')
  })

  it('count as the sub of a claims request', async () => {
    const client = await register()
    const claims = (value: string) => ({ claims: JSON.stringify({ id_token: { sub: { value } } }) })
    const right = { request: claims(hashed('app.example')) }
    expect(claimsOf(await logInAt(client, right))['sub']).toBe(hashed('app.example'))
    const at = await authorizeAt(deployment, client, { request: claims(subject), login: { subject } })
    expect(parameter(at, 'error')).toBe('login_required')
  })
})

describe('introspection by a client', () => {
  const ask = async (asker: TestClient, tokens: Record<string, unknown>, token = 'access_token') =>
    bodyOf(
      await authorizedForm(deployment, '/oauth2/introspect', asker, {
        token: String(tokens[token]),
      }),
    )
  const claims = () => ({ user: subject, list: [subject, { [subject]: 1 }], about: `${subject} and more` })

  it('tells a pairwise client of its own token what it knows already, claims included', async () => {
    const client = await register()
    const session = { access_token: claims() }
    const tokens = await logInAt(client, { consent: { session } })
    const sub = hashed('app.example')
    for (const token of ['access_token', 'refresh_token'])
      expect(await ask(client, tokens, token)).toMatchObject({
        sub,
        obfuscated_subject: sub,
        ext: { user: sub, list: [sub, { [sub]: 1 }] },
      })
    const login = { force_subject_identifier: 'the-name-they-know' }
    expect(await ask(client, await logInAt(client, { login }))).toMatchObject({ sub: 'the-name-they-know' })
  })

  it('tells a client that the audience names the identifier of its own sector', async () => {
    const at = (host: string): Promise<TestClient> =>
      register({ redirect_uris: [`https://${host}/cb`], post_logout_redirect_uris: [] })
    const [same, other] = [await at('app.example'), await at('api.example')]
    const open = await register({ subject_type: 'public' })
    const audience = [same.id, other.id, open.id]
    const client = await register({ audience })
    const request = { audience: audience.join(' ') }
    const consent = { grant_access_token_audience: audience, session: { access_token: claims() } }
    const tokens = await logInAt(client, { request, consent })
    const { sub: shared } = await ask(same, tokens)
    expect(shared).toBe(hashed('app.example'))
    const elsewhere = await ask(other, tokens)
    expect(elsewhere).toMatchObject({ sub: hashed('api.example'), ext: { user: hashed('api.example') } })
    expect(elsewhere).not.toHaveProperty('obfuscated_subject')
    const raw = await ask(open, tokens)
    expect(raw).toMatchObject({ sub: subject, ext: claims() })
    expect(raw).not.toHaveProperty('obfuscated_subject')
  })
})

describe('the logout page', () => {
  it('names the subject in the browser of its session only', async () => {
    const client = await register()
    const browser = new Browser(deployment)
    const hint = String((await logInAt(client, { browser }))['id_token'])
    const pageIn = async (visitor: Browser): Promise<string> => {
      const at = await visitor.next(`/oauth2/sessions/logout?id_token_hint=${hint}`)
      const page = await visitor.visit(at.href)
      expect(page.status).toBe(200)
      return page.text()
    }
    expect(await pageIn(browser)).toContain(subject)
    expect(await pageIn(new Browser(deployment))).not.toContain(subject)
    const foreign = new Browser(deployment)
    await logInAt(client, { browser: foreign, login: { subject: 'somebody-else' } })
    const page = await pageIn(foreign)
    expect([page.includes(subject), page.includes('somebody-else')]).toEqual([false, true])
    const at = await new Browser(deployment).next(`/oauth2/sessions/logout?id_token_hint=${hint}`)
    const request = await new LoginApp(deployment).get('logout', parameter(at, 'logout_challenge'))
    expect(await request.text()).not.toContain(subject)
  })
})

describe('sessions of pairwise clients', () => {
  it('have an id of their own, by which the client logs out and is told', async () => {
    const client = await register({ backchannel_logout_uri: BACK })
    const browser = new Browser(deployment)
    const raw = claimsOf(await logInAt(await register({ subject_type: 'public' }), { browser }))['sid']
    const tokens = await logInAt(client, { browser })
    const { sub, sid } = claimsOf(tokens)
    expect(sid).not.toBe(raw)
    const query = new URLSearchParams({
      id_token_hint: String(tokens['id_token']),
      post_logout_redirect_uri: GOODBYE,
    })
    const at = await browser.next(`/oauth2/sessions/logout?${query}`)
    const app = new LoginApp(deployment)
    const challenge = parameter(at, 'logout_challenge')
    expect(await bodyOf(await app.get('logout', challenge))).toMatchObject({ subject, sid: raw })
    expect((await browser.next(await app.decide('logout', 'accept', challenge))).href).toBe(GOODBYE)
    expect(posted).toHaveLength(1)
    expect(decodeJwt(posted[0] ?? '')).toMatchObject({ aud: [client.id], sub, sid })
    expect(JSON.stringify(decodeJwt(posted[0] ?? ''))).not.toContain(subject)
  })

  it('end by either id at the admin API', async () => {
    const client = await register({ backchannel_logout_uri: BACK })
    const { sid } = claimsOf(await logInAt(client))
    const path = `/admin/oauth2/auth/sessions/login?sid=${encodeURIComponent(String(sid))}`
    expect((await deployment.admin('DELETE', path)).status).toBe(204)
    expect(posted).toHaveLength(1)
  })
})

describe('registration of pairwise clients', () => {
  it.each<[string, Record<string, unknown>]>([
    [
      'redirect URIs of two hosts without a sector',
      { redirect_uris: ['https://a.example/cb', 'https://b.example/cb'] },
    ],
    [
      'a sector that does not list a redirect URI',
      { redirect_uris: ['https://a.example/cb'], sector_identifier_uri: SECTOR },
    ],
    ['a custom scheme, whose host belongs to nobody', { redirect_uris: ['app://rp.example/cb'] }],
    [
      'a custom scheme beside an https host',
      { redirect_uris: ['https://rp.example/cb', 'app://rp.example/cb'] },
    ],
    ['http to another machine', { redirect_uris: ['http://rp.example/cb'] }],
    ['no redirect URI', { redirect_uris: [] }],
    ['a sector that is no https address', { sector_identifier_uri: 'http://sector.example/' }],
    ['a sector that is no document', { sector_identifier_uri: 'https://nowhere.example/' }],
  ])('refuses %s', async (_, metadata) => {
    const body = { redirect_uris: ['https://app.example/cb'], subject_type: 'pairwise', ...metadata }
    const response = await deployment.admin('POST', '/admin/clients', body)
    expect(response.status).toBe(400)
    expect(await bodyOf(response)).toMatchObject({ error: 'invalid_client_metadata' })
  })

  it.each<[string, () => Response]>([
    ['no array', () => Response.json({ 'https://app.example/cb': true })],
    ['one text', () => Response.json('https://app.example/cb')],
    ['an empty array', () => Response.json([])],
    ['no JSON', () => new Response('https://app.example/cb')],
    ['an error, whatever it says', () => Response.json(['https://app.example/cb'], { status: 404 })],
    ['a way elsewhere', () => Response.redirect('https://other.example/')],
    [
      'a longer document than anybody needs',
      () => Response.json(['https://app.example/cb', 'x'.repeat(70_000)]),
    ],
  ])('refuses a sector where there is %s', async (_, answer) => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => answer())
    const body = { redirect_uris: ['https://app.example/cb'], sector_identifier_uri: SECTOR }
    const response = await deployment.admin('POST', '/admin/clients', body)
    expect(response.status).toBe(400)
    expect(await bodyOf(response)).toMatchObject({ error: 'invalid_client_metadata' })
  })

  it('takes http on this machine on a development server only', async () => {
    const edge = new Deployment(testEnv({ ...PAIRWISE, URLS_SELF_ISSUER: 'https://op.example' }))
    const body = { redirect_uris: ['http://localhost:3000/cb'], subject_type: 'pairwise' }
    expect((await deployment.admin('POST', '/admin/clients', body)).status).toBe(201)
    const headers = { authorization: `Bearer ${ADMIN_KEY}` }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    expect((await edge.fetch('https://op.example/admin/clients', init)).status).toBe(400)
  })

  it('takes any address that the document of a sector lists', async () => {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(['app:/cb']))
    const body = { redirect_uris: ['app:/cb'], sector_identifier_uri: SECTOR, subject_type: 'pairwise' }
    expect((await deployment.admin('POST', '/admin/clients', body)).status).toBe(201)
  })

  it('looks at the sector again at every change', async () => {
    const { id } = await register({ sector_identifier_uri: SECTOR })
    const path = `/admin/clients/${id}`
    const change = (uri: string): Promise<Response> =>
      deployment.admin('PATCH', path, [{ op: 'add', path: '/redirect_uris/-', value: uri }])
    expect((await change('https://evil.example/cb')).status).toBe(400)
    expect((await change('https://other.example/cb')).status).toBe(200)
    const { redirect_uris } = await bodyOf(await deployment.admin('GET', path))
    expect(redirect_uris).toEqual(['https://app.example/cb', 'https://other.example/cb'])
  })

  it('does not look at it again when a change has to be tried again', async () => {
    const { id } = await register({ sector_identifier_uri: SECTOR })
    let asked = 0
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => {
      asked += 1
      // Another change comes first.
      await deployment.admin('PUT', `/admin/clients/${id}/lifespans`, {})
      return Response.json(['https://app.example/cb'])
    })
    const patch = [{ op: 'replace', path: '/client_name', value: 'App' }]
    expect((await deployment.admin('PATCH', `/admin/clients/${id}`, patch)).status).toBe(200)
    expect(asked).toBe(1)
  })

  it('is refused where the server has public subjects only', async () => {
    const body = { redirect_uris: ['https://app.example/cb'], subject_type: 'pairwise' }
    expect((await new Deployment().admin('POST', '/admin/clients', body)).status).toBe(400)
  })

  it('is told by discovery', async () => {
    const document = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
    expect(document['subject_types_supported']).toEqual(['public', 'pairwise'])
  })
})
