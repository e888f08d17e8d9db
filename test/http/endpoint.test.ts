import { createExecutionContext } from 'cloudflare:test'
import { Hono } from 'hono'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { bindingApp, publicApp } from '../../src/app.ts'
import { OWN_SEGMENTS } from '../../src/config/load.ts'
import type { AppEnv } from '../../src/context.ts'
import { corsClasses, type Endpoint, mount } from '../../src/http/endpoint.ts'
import { renderError } from '../../src/http/error-response.ts'
import { readForm, readJson } from '../../src/http/form.ts'
import { ADMIN_PARAMETERS, OAUTH_PARAMETERS } from '../../src/http/repeats.ts'
import { ADMIN_KEY, Deployment, testEnv } from '../support/deployment.ts'
import { endpoints } from '../support/endpoints.ts'
import { logIn, registerClient } from '../support/relying-party.ts'
import { exchangeOf, requestContext } from '../support/request-context.ts'
import { misfit } from '../support/shapes.ts'

const careless = (handler: Endpoint['handler'], body: Endpoint['body'] = 'none'): Endpoint => ({
  path: '/planted',
  methods: ['POST'],
  handler,
  cors: 'none',
  body,
  rate: 'none',
  wire: () => ({ summary: 'Planted', answers: {} }),
})

/** What a planted endpoint answers to a body. */
async function answerOf(endpoint: Endpoint, body: BodyInit): Promise<readonly [number, string]> {
  const planted = mount(new Hono<AppEnv>(), [{ before: [], endpoints: [endpoint] }]).onError(renderError)
  const response = await planted.request(
    '/planted',
    { method: 'POST', body },
    exchangeOf(requestContext(testEnv())),
  )
  return [response.status, await response.text()]
}

const MUCH = 'a'.repeat(1024 * 1024 + 1)

describe('the parameters of the table', () => {
  it('are known, so that none counts twice with different values', () => {
    const unknown = endpoints.flatMap(({ path, body, wire: wireOf }) => {
      const wire = wireOf()
      // The logout of v1.0-beta is below the admin API, and for browsers.
      const isAdmin = path.startsWith('/admin/') && !path.endsWith('/login/revoke')
      const form = body === 'form' ? Object(Reflect.get(wire.body ?? {}, 'properties')) : {}
      const query = isAdmin ? ADMIN_PARAMETERS : OAUTH_PARAMETERS
      return [
        ...Object.keys(wire.query ?? {}).filter((name) => !query.has(name)),
        ...Object.keys(form).filter((name) => !OAUTH_PARAMETERS.has(name)),
      ].map((name) => `${name} of ${path}`)
    })
    expect(unknown).toEqual([])
  })
})

describe('a careless endpoint', () => {
  it('does not compile without classes of CORS, body and rate, or without what it answers', () => {
    for (const left of ['cors', 'body', 'rate', 'wire'] as const)
      expect(Object.keys(careless(() => new Response()))).toContain(left)
    expectTypeOf<Omit<Endpoint, 'cors'>>().not.toExtend<Endpoint>()
    expectTypeOf<Omit<Endpoint, 'body'>>().not.toExtend<Endpoint>()
    expectTypeOf<Omit<Endpoint, 'rate'>>().not.toExtend<Endpoint>()
    expectTypeOf<Omit<Endpoint, 'wire'>>().not.toExtend<Endpoint>()
  })

  it.each<readonly [string, Endpoint['handler']]>([
    ['text', async (c) => c.text(`<${await c.req.text()}>`)],
    ['a buffer', async (c) => c.text(`<${(await c.req.arrayBuffer()).byteLength || ''}>`)],
    ['the raw request', async (c) => c.text(`<${await c.req.raw.text()}>`)],
    ['the stream', (c) => c.text(`<${c.req.raw.body ?? ''}>`)],
  ])('that reads a body by itself, as %s, sees none', async (_how, handler) => {
    for (const body of ['none', 'form', 'json'] as const)
      expect(await answerOf(careless(handler, body), MUCH)).toEqual([200, '<>'])
  })

  it('that reads what its row does not name is an error of ours', async () => {
    const reads = careless(async (c) => Response.json(await readJson(c.var.body)))
    expect((await answerOf(reads, '{}'))[0]).toBe(500)
    const other = careless(async (c) => Response.json(await readJson(c.var.body)), 'form')
    expect((await answerOf(other, '{}'))[0]).toBe(500)
  })

  it.each<readonly [Endpoint['body'], Endpoint['handler']]>([
    ['json', async (c) => Response.json(await readJson(c.var.body))],
    ['form', async (c) => Response.json((await readForm(c.var.body)).size)],
  ])('that names no bound has that of a %s', async (body, handler) => {
    const [status, text] = await answerOf(careless(handler, body), MUCH)
    expect([status, JSON.parse(text).error]).toEqual([413, 'invalid_request'])
  })
})

describe('the table', () => {
  it('gives every path one CORS class', () => {
    const classes = new Map<string, Set<string>>()
    for (const { path, cors } of endpoints)
      classes.set(path, (classes.get(path) ?? new Set<string>()).add(cors))
    expect([...classes].filter(([, found]) => found.size > 1)).toEqual([])
  })

  it.each([
    ['/oauth2/token', 'client'],
    ['/oauth2/token/', 'client'],
    ['/oauth2/register/some-id', 'server'],
    ['/oauth2/fallbacks/login', 'none'],
    ['/admin/clients', 'none'],
    ['/oauth2/token/more', 'none'],
    ['/', 'none'],
  ])('says for %s: %s', (path, expected) => {
    expect(corsClasses(endpoints)(path)).toBe(expected)
  })

  it('begins its paths as no path of an issuer may begin', () => {
    const v1 = ['clients', 'keys', 'trust', 'metrics', 'version']
    const first = endpoints.map(({ path }) => path.split('/')[1] ?? '').filter((name) => name !== '')
    expect([...new Set([...first, ...v1])].sort()).toEqual(OWN_SEGMENTS.toSorted())
  })

  it('names no endpoint twice', () => {
    const names = endpoints.flatMap(({ path, methods }) => methods.map((method) => `${method} ${path}`))
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('every answer of every endpoint', () => {
  const deployment = new Deployment()
  const headers = { authorization: `Bearer ${ADMIN_KEY}` }
  const calls = endpoints.flatMap(({ path, methods }) =>
    methods.map((method) => [method, path.replaceAll(/:\w+\??/g, 'some')] as const),
  )

  it.each<readonly [string, string]>([
    ...calls,
    ['GET', '/no/such/path'],
    ['OPTIONS', '/userinfo'],
    ['HEAD', '/.well-known/openid-configuration'],
    ['GET', 'http://foreign.example/userinfo'],
  ])('says whether it may be kept, and that its type is no guess: %s %s', async (method, path) => {
    const answer = await deployment.fetch(path, { method, headers })
    expect(answer.headers.get('cache-control')).toMatch(
      /no-store|^public, max-age=\d+(?:, stale-while-revalidate=\d+, stale-if-error=\d+)?$/,
    )
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    await answer.body?.cancel()
  })

  it('over the binding likewise', async () => {
    const context = createExecutionContext()
    const answer = await bindingApp('Admin').request('/admin/clients', {}, deployment.env, context)
    expect([answer.status, answer.headers.get('x-content-type-options')]).toEqual([200, 'nosniff'])
  })

  it('of userinfo by POST, as by GET', async () => {
    const { access_token } = await logIn(deployment, await registerClient(deployment))
    const posted = await deployment.form('/userinfo', { access_token })
    expect([posted.status, posted.headers.get('cache-control')]).toEqual([
      200,
      'private, no-cache, no-store, must-revalidate',
    ])
  })
})

/** Which 401 an endpoint gives to whom: the scheme and whether an error is named. */
const CHALLENGES = {
  client: 'Basic realm="oauth2"',
  none: 'Bearer realm="oauth2"',
  bad: /^Bearer error="\w+",error_description="[ -~]+"$/,
}

describe('every 401 of the table has a challenge (RFC 9110 section 15.5.2)', () => {
  const at = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
  const FORM = 'grant_type=client_credentials&client_id=nobody&client_secret=wrong&token=x'
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const ask = async (path: string, method: string, authorization?: string, body?: string) => {
    const headers = { ...(authorization && { authorization }), ...(body && form) }
    const answer = await at.fetch(path, { method, headers, ...(body && method !== 'GET' && { body }) })
    return [answer.status, answer.headers.get('www-authenticate')] as const
  }
  const rows = endpoints.flatMap(({ path, methods }) =>
    methods.flatMap((method) => {
      const plain = path.replaceAll(/:\w+\??/g, 'x')
      // The same endpoint under the names that v1 SDKs use.
      const v1 = plain.replace(/^\/admin(?=\/(?:clients|keys|version|trust|metrics|oauth2))/, '')
      return [...new Set([plain, v1])].map((spelled) => [method, spelled] as const)
    }),
  )

  it('in the scheme that was tried', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const challenged = new Set<string>()
    for (const [method, path] of rows)
      for (const authorization of [undefined, 'Bearer wrong-token', `Basic ${btoa('nobody:wrong')}`]) {
        const [status, challenge] = await ask(path, method, authorization, FORM)
        expect([method, path, challenge !== null]).toEqual([method, path, status === 401])
        if (status !== 401) continue
        challenged.add(path)
        const byClient = /^\/oauth2\/(?:token|revoke|device\/auth)$/.test(path)
        const introspects = path === '/oauth2/introspect' && authorization !== 'Bearer wrong-token'
        const kind =
          byClient || introspects ? 'client' : authorization === 'Bearer wrong-token' ? 'bad' : 'none'
        expect([method, path, challenge]).toEqual([method, path, expect.stringMatching(CHALLENGES[kind])])
      }
    expect([...challenged]).toEqual(
      expect.arrayContaining([
        ...['/oauth2/token', '/oauth2/revoke', '/oauth2/device/auth', '/oauth2/introspect', '/userinfo'],
        ...['/credentials', '/oauth2/register/x', '/connect/register/x', '/admin/clients', '/clients/x'],
        ...[
          '/admin/keys/x',
          '/keys/x',
          '/oauth2/auth/requests/login/x',
          '/admin/trust/grants/jwt-bearer/issuers',
        ],
      ]),
    )
    vi.restoreAllMocks()
  })

  it('and a guess learns nothing: unknown client, wrong secret, wrong method, no secret', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const { id, secret } = await registerClient(at)
    const basic = (name: string, word: string) => ({ authorization: `Basic ${btoa(`${name}:${word}`)}` })
    const guesses = [
      [{}, basic('nobody', 'wrong-secret')],
      [{}, basic(id, 'wrong-secret')],
      [{ client_id: id, client_secret: 'wrong-secret' }, {}],
      [{ client_id: 'nobody', client_secret: secret }, {}],
      [{ client_id: id }, {}],
    ] as const
    for (const path of ['/oauth2/token', '/oauth2/revoke']) {
      const answers = guesses.map(async ([fields, headers]) => {
        const given = { grant_type: 'client_credentials', token: 'x', ...fields }
        const answer = await at.form(path, given, headers)
        const shown = [...answer.headers].filter(([name]) => name !== 'x-request-id')
        return JSON.stringify([answer.status, shown, await answer.text()])
      })
      expect(new Set(await Promise.all(answers)).size).toBe(1)
    }
    vi.restoreAllMocks()
  })
})

describe('an answer that a strict reader cannot read fails the test that gets it', () => {
  const AT = '2026-01-01T00:00:00Z'
  const consent = { challenge: '', handled_at: AT, client: { skip_logout_consent: null } }

  it.each<readonly [string, string, number, unknown, string]>([
    ['GET', '/admin/clients/a', 200, { skip_consent: null }, 'body.skip_consent is null'],
    ['GET', '/admin/clients', 200, [{ contacts: 'a' }], 'body[0].contacts is no array'],
    ['GET', '/admin/clients', 200, [{ contacts: [5] }], 'body[0].contacts[0] is no string'],
    ['GET', '/admin/clients/a', 200, { created_at: 'today' }, 'body.created_at is no date-time'],
    ['GET', '/admin/clients/a', 200, { jwks: { keys: [{ kty: 'EC' }] } }, 'body.jwks.keys[0].use is missing'],
    ['GET', '/admin/clients/a', 200, { unknown: '' }, 'body.unknown is empty, and not in the schema'],
    ['POST', '/admin/clients', 200, {}, 'body.error is missing'],
    ['GET', '/admin/clients/a', 404, { error: {}, error_description: '' }, 'body.error is no string'],
    [
      'GET',
      '/admin/oauth2/auth/requests/consent',
      200,
      { challenge: '', context: null },
      'body.context is null',
    ],
    [
      'GET',
      '/admin/oauth2/auth/sessions/consent',
      200,
      [{ handled_at: 5 }],
      'body[0].handled_at is no string',
    ],
    ['POST', '/oauth2/token', 200, { expires_in: '3600' }, 'body.expires_in is no integer'],
    ['GET', '/clients/a/', 200, { skip_consent: true }, 'body.skip_consent is not in the schema'],
    ['GET', '/oauth2/auth/requests/consent/abc', 200, consent, 'body.handled_at is not in the schema'],
    ['PUT', '/oauth2/auth/requests/login/abc/accept', 410, {}, 'body.redirect_to is missing'],
    ['POST', '/connect/register', 201, { skip_consent: true }, 'body.skip_consent is not in the schema'],
    ['POST', '/oauth2/introspect', 200, { active: 'yes' }, 'body.active is no boolean'],
  ])('%s %s %d %j', (method, path, status, body, fault) => {
    expect(misfit(method, path, status, body)?.split(': ').at(-1)).toBe(fault)
  })

  it('whoever asks: the message names operation, generation and member', async () => {
    vi.spyOn(publicApp(), 'fetch').mockResolvedValueOnce(Response.json({ client_id: null }, { status: 201 }))
    await expect(new Deployment().admin('POST', '/admin/clients', {})).rejects.toThrow(
      'POST /admin/clients (v26.2), status 201: body.client_id is null',
    )
    vi.restoreAllMocks()
  })

  it.each<readonly [string, string, number, unknown]>([
    ['GET', '/admin/clients/a', 200, { client_id: 'a', application_type: 'web', metadata: { a: null } }],
    ['POST', '/oauth2/register', 201, { jwks: { keys: [{ kty: 'EC' }] } }],
    ['GET', '/nowhere', 404, { error: { code: 404 } }],
    ['GET', '/admin/oauth2/auth/requests/login', 410, { redirect_to: 'https://a.example' }],
    ['POST', '/oauth2/introspect', 200, { active: true, ext: { a: null } }],
  ])('but not a good one: %s %s %d %j', (method, path, status, body) => {
    expect(misfit(method, path, status, body)).toBeUndefined()
  })
})
