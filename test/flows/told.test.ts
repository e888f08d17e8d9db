import { afterEach, describe, expect, it, vi } from 'vitest'
import { ADMIN_KEY, Browser, bodyOf, Deployment, ISSUER, locationOf, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
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
} from '../support/relying-party.ts'

const deployment = new Deployment()
const log = new LogLines()

afterEach(() => {
  vi.useRealTimers()
})

const PLAIN =
  'The authorization code, refresh token or other grant is invalid, expired, revoked, or belongs to another client.'
const HOUR_MS = 3_600_000
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`

const later = (ms: number): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
}

const confidential = (): Promise<TestClient> => registerClient(deployment)
const publicClient = (): Promise<TestClient> =>
  registerClient(deployment, { token_endpoint_auth_method: 'none' })
const codeOf = async (client: TestClient): Promise<string> =>
  parameter(await authorizeAt(deployment, client), 'code')
const foreign = async (): Promise<string> => codeOf(await confidential())

/** What a client presents that is no good, and what it is told if it authenticated. */
const DEAD: readonly (readonly [
  what: string,
  told: string,
  present: (client: TestClient) => Promise<Response>,
])[] = [
  [
    'a code that nobody issued',
    String.raw`^The code is none that this client was given here, .* \(it has 20 characters\)\. Send it whole`,
    (client) => redeem(deployment, client, 'ory_ac_forged.forged'),
  ],
  [
    'a code that lacks its end',
    '^The code is none that this client was given here, or a part of it is missing',
    async (client) => redeem(deployment, client, (await codeOf(client)).slice(0, -4)),
  ],
  [
    'the code of another client, as if nobody had issued it',
    '^The code is none that this client was given here',
    async (client) => redeem(deployment, client, await foreign()),
  ],
  [
    'a code that expired',
    String.raw`^The code expired at ${TIME}\. Redeem codes as soon as they come\.`,
    async (client) => {
      const code = await codeOf(client)
      later(HOUR_MS)
      return redeem(deployment, client, code)
    },
  ],
  [
    'a code that was spent',
    String.raw`^The code was redeemed before; what it gave was revoked at ${TIME}\.`,
    async (client) => {
      const code = await codeOf(client)
      await redeem(deployment, client, code)
      return redeem(deployment, client, code)
    },
  ],
  [
    'a refresh token in place of a code',
    String.raw`^This is a refresh token, and parameter 'code' takes an authorization code\.`,
    async (client) => redeem(deployment, client, (await logIn(deployment, client)).refresh_token),
  ],
  [
    'an ID token in place of a refresh token',
    String.raw`^This is an ID token, and parameter 'refresh_token' takes a refresh token\.`,
    async (client) => refresh(deployment, client, (await logIn(deployment, client)).id_token),
  ],
  [
    'a refresh token that nobody issued',
    '^The refresh token is none that this client was given here',
    (client) => refresh(deployment, client, 'ory_rt_forged.forged'),
  ],
  [
    'a refresh token that expired',
    String.raw`^The refresh token expired at ${TIME}\. Ask the user to log in again\.`,
    async (client) => {
      const { refresh_token } = await logIn(deployment, client)
      later(31 * 24 * HOUR_MS)
      return refresh(deployment, client, refresh_token)
    },
  ],
  [
    'a refresh token that was used before',
    String.raw`^The refresh token was used before; its grant was revoked at ${TIME}\.`,
    async (client) => {
      const { refresh_token } = await logIn(deployment, client)
      await refresh(deployment, client, refresh_token)
      later(HOUR_MS)
      return refresh(deployment, client, refresh_token)
    },
  ],
  [
    'a refresh token whose code came twice',
    String.raw`^The grant ended at ${TIME}: its code came twice\. Ask the user to log in again\.`,
    async (client) => {
      const code = await codeOf(client)
      const { refresh_token } = await bodyOf(await redeem(deployment, client, code))
      await redeem(deployment, client, code)
      return refresh(deployment, client, String(refresh_token))
    },
  ],
  [
    'a code whose consent was revoked',
    String.raw`^The grant ended at ${TIME}: the consent was revoked\.`,
    async (client) => {
      const subject = crypto.randomUUID()
      const code = parameter(await authorizeAt(deployment, client, { login: { subject } }), 'code')
      await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/consent?subject=${subject}&all=true`)
      return redeem(deployment, client, code)
    },
  ],
]

describe('a code or token that is no good', () => {
  it.each(DEAD)('explains itself to a client that authenticated: %s', async (_what, told, present) => {
    const { error, error_description } = await bodyOf(await present(await confidential()))
    expect([error, error_description]).toEqual(['invalid_grant', expect.stringMatching(told)])
    expect(error_description).toContain(PLAIN)
  })

  it.each(DEAD)('says nothing to a public client, but to the log: %s', async (_what, _told, present) => {
    const response = await present(await publicClient())
    expect(await bodyOf(response)).toEqual({ error: 'invalid_grant', error_description: PLAIN })
    expect(response.headers.get('link')).toBe('<http://localhost:4444/docs/errors#invalid_grant>; rel="help"')
    expect(log.last('request')).toMatchObject({ error: 'invalid_grant', reason: expect.any(String) })
  })

  it('of another client gives the same answer as one that nobody issued', async () => {
    const client = await confidential()
    const code = await foreign()
    const [genuine, forged] = [
      await redeem(deployment, client, code),
      await redeem(deployment, client, 'x'.repeat(code.length)),
    ]
    expect(await genuine.text()).toBe(await forged.text())
    expect(genuine.headers.get('link')).toBe(forged.headers.get('link'))
  })
})

describe('the link to the documents', () => {
  it.each([
    ['the reason, which anyone may know', '/oauth2/token', 'parameter_missing', { a: 'b' }],
    ['the code, in place of a reason for the log', '/oauth2/token', 'invalid_client', CREDENTIALS()],
    ['the code, where its word is a sentence', '/admin/clients', 'admin_unauthorized', { a: 'b' }],
  ])('names %s', async (_what, path, anchor, fields) => {
    const response = await deployment.form(path, fields)
    expect(response.headers.get('link')).toBe(`<http://localhost:4444/docs/errors#${anchor}>; rel="help"`)
  })

  it('is on no answer where the documents are switched off, or were not uploaded', async () => {
    for (const settings of [{ DOCS: 'off' }, { ASSETS: undefined }])
      expect(
        (await new Deployment(testEnv(settings)).form('/oauth2/token', { a: 'b' })).headers.get('link'),
      ).toBeNull()
  })

  it('is on no answer that succeeds, and on no redirect', async () => {
    for (const path of ['/health/alive', '/oauth2/auth?client_id=nobody'])
      expect((await deployment.fetch(path)).headers.get('link')).toBeNull()
  })
})

function CREDENTIALS(): Readonly<Record<string, string>> {
  return { grant_type: 'client_credentials', client_id: 'nobody', client_secret: 'wrong' }
}

/** A hundred requests of one kind, each with other random values. */
const PROBES: readonly (readonly [kind: string, ask: (random: string) => Promise<Response>])[] = [
  [
    'client ids with a secret',
    (random) => deployment.form('/oauth2/token', { ...CREDENTIALS(), client_id: random }),
  ],
  [
    'secrets of a client',
    async (random) => {
      const id = (await known).id
      return deployment.form(
        '/oauth2/token',
        { ...CREDENTIALS(), client_id: id, client_secret: random },
        network(random),
      )
    },
  ],
  ['codes', async (random) => redeem(deployment, await knownPublic, `ory_ac_${random}.${random}`)],
  ['refresh tokens', async (random) => refresh(deployment, await knownPublic, `ory_rt_${random}.${random}`)],
  [
    'access tokens at userinfo',
    (random) =>
      deployment.fetch('/userinfo', { headers: { authorization: `Bearer ory_at_${random}.${random}` } }),
  ],
  [
    'API keys',
    (random) =>
      deployment.fetch('/admin/clients', {
        headers: { authorization: `Bearer ${random}`, ...network(random) },
      }),
  ],
  [
    'clients of registration',
    (random) =>
      registering.fetch(`/oauth2/register/${random}`, { headers: { authorization: `Bearer ${random}` } }),
  ],
  [
    'tokens of introspection without a client',
    (random) => deployment.form('/oauth2/introspect', { token: random }),
  ],
]

const registering = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
const known = confidential()
const knownPublic = publicClient()
/** Wrong secrets are counted by network. */
const network = (random: string) => ({
  'cf-connecting-ip': `2001:db8:${random.slice(0, 4)}:${random.slice(4, 8)}::1`,
})

describe('a stranger who guesses', () => {
  it.each(PROBES)('learns nothing from a hundred %s: their answers are the same', async (_kind, ask) => {
    const seen = new Set<string>()
    for (let tried = 0; tried < 100; tried += 1) {
      const response = await ask(crypto.randomUUID().replaceAll('-', ''))
      const headers = ['link', 'www-authenticate', 'content-type'].map((name) => response.headers.get(name))
      seen.add(JSON.stringify([response.status, await response.text(), headers]))
    }
    expect([...seen]).toHaveLength(1)
    expect([...seen][0]).toMatch(/^\[4/)
  })

  it('learns no more of a client that exists than of one that does not', async () => {
    const { id } = await known
    const ask = (client_id: string): Promise<Response> =>
      deployment.form('/oauth2/token', { ...CREDENTIALS(), client_id })
    expect(await (await ask(id)).text()).toBe(await (await ask('nobody')).text())
  })
})

describe('a redirect URI that is near a registered one', () => {
  const SLASH = `${REDIRECT_URI}/`

  const asked = async (at: Deployment): Promise<URL> => {
    const client = await registerClient(at)
    const response = await at.fetch(authorizationPath(client, { redirect_uri: `${SLASH}?token=secret` }))
    return locationOf(response)
  }

  it('is told on the page of a loopback issuer', async () => {
    const page = await (await deployment.fetch((await asked(deployment)).href)).text()
    expect(page).toContain('has an extra &#39;/&#39; at the end and has a query')
    expect(page).toContain(`${SLASH}?... is not registered, and ${REDIRECT_URI} is.`)
    expect(page).not.toContain('token=secret')
  })

  it('is told to the log alone by any other', async () => {
    const at = new Deployment(testEnv({ URLS_SELF_ISSUER: 'https://login.example' }))
    const page = await asked(at)
    expect(page.searchParams.get('error_description')).toMatch(
      /^Parameter 'redirect_uri' is not registered for this client\. Register it, character for character\./,
    )
    expect(log.last('request')).toMatchObject({
      reason: 'redirect_uri_near',
      facts: expect.arrayContaining([`near=${REDIRECT_URI}`, `redirect_uri=${SLASH}?...`]),
    })
  })
})

describe('an address that is not there', () => {
  it.each([
    ['/oauth2/tokn', 'No endpoint has this path. Did you mean /oauth2/token?'],
    ['/token', 'No endpoint has this path. Did you mean /oauth2/token?'],
    ['/oauth2/authorize', 'No endpoint has this path. Did you mean /oauth2/auth?'],
    ['/.well-known/jwks', 'No endpoint has this path. Did you mean /.well-known/jwks.json?'],
    ['/oauth2/token', 'This path takes POST, and not GET. Use one of these methods.'],
    ['/nothing/here', 'No endpoint has this path. See the list of endpoints in the documentation.'],
    [
      `/${'x'.repeat(5000)}/token`,
      'No endpoint has this path. See the list of endpoints in the documentation.',
    ],
  ])('%s: the answer says what is', async (path, reason) => {
    const response = await deployment.fetch(path)
    expect([response.status, await bodyOf(response)]).toEqual([
      404,
      { error: { code: 404, message: 'Not Found', reason } },
    ])
  })

  it.each([
    ['/admin/client', 'Did you mean /admin/clients?'],
    ['/admin/client/some-id', 'Did you mean /admin/clients/{id}?'],
    ['/admin/oauth2/auth/request/login', 'Did you mean /admin/oauth2/auth/requests/login?'],
  ])('%s of the admin API: %s', async (path, meant) => {
    expect(await (await deployment.admin('GET', path)).text()).toContain(meant)
  })

  it.each([
    ['GET', '/'],
    ['POST', '/'],
    ['GET', '/x'],
    ['GET', '/ui/consen'],
    ['POST', '/demo/start'],
    ['GET', '/demo/start'],
  ])('%s %s is as unknown as any where the pages are switched off', async (method, path) => {
    const without = new Deployment(testEnv({ DEMO_PAGES: 'false' }))
    const response = await without.fetch(path, { method })
    const reason = 'No endpoint has this path. See the list of endpoints in the documentation.'
    expect([response.status, await bodyOf(response)]).toEqual([
      404,
      { error: { code: 404, message: 'Not Found', reason } },
    ])
    expect(log.last('request')).toMatchObject({ reason: 'path_unknown' })
  })

  it('is never named where it is switched off', async () => {
    const without = new Deployment(testEnv({ DEMO_PAGES: 'false' }))
    for (const path of ['/ui/login', '/ui/logn', '/ui/device/done', '/demo/callback', '/dem'])
      expect(await (await without.fetch(path)).text(), path).not.toMatch(/mean \/(ui|demo)/)
  })

  it.each([
    ['GET', '/oauth2/tokens'],
    ['POST', '/oauth2/tokens/'],
    ['POST', '//oauth2//tokens'],
  ])('%s %s, which v1 has for DELETE alone, is a misspelt token endpoint', async (method, path) => {
    const response = await deployment.fetch(`${ISSUER}${path}`, { method })
    expect([response.status, await bodyOf(response)]).toEqual([
      404,
      {
        error: {
          code: 404,
          message: 'Not Found',
          reason: 'No endpoint has this path. Did you mean /oauth2/token?',
        },
      },
    ])
    const remove = { method: 'DELETE', headers: { authorization: `Bearer ${ADMIN_KEY}` } }
    expect((await deployment.fetch(`${ISSUER}${path}?client_id=nobody`, remove)).status).toBe(204)
  })

  it('is told to people and to machines that read text, too', async () => {
    for (const accept of ['text/html', 'text/plain'])
      expect(await (await deployment.fetch('/oauth2/tokn', { headers: { accept } })).text()).toContain(
        'Did you mean /oauth2/token?',
      )
  })
})

describe('a challenge of another step', () => {
  it('is called so', async () => {
    const at = await new Browser(deployment).next(authorizationPath(await confidential()))
    const answer = await new LoginApp(deployment).get('logout', parameter(at, 'login_challenge'))
    expect((await bodyOf(answer))['error_description']).toBe(
      'This is a login challenge, and not a logout challenge. Ask at /admin/oauth2/auth/requests/login.',
    )
    expect(log.last('request')).toMatchObject({ reason: 'challenge_of_other_kind' })
  })
})

it('a body that is no JSON says where it stops to be', async () => {
  const headers = { authorization: 'Bearer ladon-test-admin-key' }
  const at = async (body: string): Promise<unknown> => {
    const response = await deployment.fetch('/admin/clients', { method: 'POST', headers, body })
    return (await bodyOf(response))['error_description']
  }
  expect(await at('{\n  "client_secret": "hidden-value",}')).toMatch(
    /^The body is not valid JSON: line 2, column 35\. Correct it there;/,
  )
  expect(await at('')).toMatch(/^The body is not valid JSON: it is empty\./)
  expect(log.text()).not.toContain('hidden-value')
})

it.each([
  [
    [{ op: 'replace', path: 'client_name', value: 'y' }],
    "Operation 0 must have a path that begins with '/'.",
  ],
  [
    [
      { op: 'remove', path: '/owner' },
      { op: 'move', path: '/owner' },
    ],
    "Operation 1 must have the op 'add', 'replace' or 'remove'.",
  ],
  [[{ op: 'add', path: '/owner' }], "Operation 0 must have a 'value'."],
  [['x'], 'Operation 0 is no object.'],
  [{ client_name: 'y' }, 'The body must be a JSON Patch of add, remove and replace operations.'],
])('a patch that is none says which operation: %j', async (patch, told) => {
  const { id } = await confidential()
  const response = await deployment.admin('PATCH', `/admin/clients/${id}`, patch)
  expect([response.status, (await bodyOf(response))['error_description']]).toEqual([
    400,
    expect.stringContaining(told),
  ])
})
