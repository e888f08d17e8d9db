/**
 * What a stranger, a client or an API key's holder may send at worst to each route: inputs that grow with a number. Tests
 * and the benchmark send each at an eighth of its size and at its whole, and compare what the two cost.
 */

/** One request; admin paths get the API key unless it brings credentials of its own. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends a call and gives the members of its answer, or where that leads. */
export type Ask = (call: Call) => Promise<Readonly<Record<string, unknown>>>

export interface WorstInput {
  readonly name: string
  /** The number at the whole size. */
  readonly most: number
  make(ask: Ask, n: number): Call | Promise<Call>
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const REDIRECT_URI = 'https://app.example/cb'

const list = (n: number, item: (index: number) => string): string[] =>
  Array.from({ length: n }, (_, index) => item(index))
const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString()
const encode = (json: unknown): string =>
  btoa(JSON.stringify(json)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** A word for each route parameter. */
const placed = (path: string, word = 'x'): string => path.replaceAll(/:[a-z]+\??/g, word)

/** Worse for every route alike: its query, its headers, its path. */
function anywhere(method: string, path: string): WorstInput[] {
  const plain = placed(path)
  const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }
  const inputs: WorstInput[] = [
    ['a query of nothing', 4000, (n: number) => ({ path: `${plain}?${'&a='.repeat(n)}` })],
    ['a query of bare names', 4000, (n: number) => ({ path: `${plain}?${'a&'.repeat(n)}` })],
    ['a query of one long value', 8000, (n: number) => ({ path: `${plain}?client_id=${'x'.repeat(n)}` })],
    ['many cookies', 1600, (n: number) => ({ headers: { cookie: list(n, (at) => `a${at}=b`).join('; ') } })],
    [
      'a long bearer token',
      16_000,
      (n: number) => ({ headers: { authorization: `Bearer ${'.A-'.repeat(n / 3)}` } }),
    ],
    [
      'long credentials',
      16_000,
      (n: number) => ({ headers: { authorization: `Basic ${'AAAA'.repeat(n / 4)}` } }),
    ],
  ].map(([name, most, change]) => sent(String(name), Number(most), { method, path: plain, ...body }, change))
  return plain === path
    ? inputs
    : [
        ...inputs,
        sent('a long path', 8000, { method, path }, (n: number) => ({ path: placed(path, 'x'.repeat(n)) })),
      ]
}

function sent(name: string, most: number, base: Call, change: unknown): WorstInput {
  const make = (_ask: Ask, n: number): Call => ({
    ...base,
    ...(typeof change === 'function' ? change(Math.floor(n)) : {}),
  })
  return { name, most, make }
}

/** Forms of any kind. */
function forms(path: string): WorstInput[] {
  const base = { method: 'POST', path, headers: FORM }
  const body = (name: string, most: number, text: (n: number) => string): WorstInput =>
    sent(name, most, base, (n: number) => ({ body: text(n) }))
  const part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
  return [
    body('a form of nothing', 8000, (n) => 'a=&'.repeat(n)),
    body('a form of many names', 8000, (n) => list(n, (at) => `${at.toString(36)}=1`).join('&')),
    body('a hundred parameters', 60_000, (n) => list(100, (at) => `p${at}=${'+'.repeat(n / 100)}`).join('&')),
    body('repeated lists', 90, (n) => `client_id=x&${'audience=a+b+c+d+e&'.repeat(n)}`),
    body('a long token', 60_000, (n) =>
      form({ token: 'A.'.repeat(n / 2), access_token: 'x', grant_type: 'refresh_token' }),
    ),
    {
      name: 'a form of many parts',
      most: 800,
      make: (_ask, n) => ({
        ...base,
        headers: { 'content-type': 'multipart/form-data; boundary=b' },
        body: `${part.repeat(n)}--b--\r\n`,
      }),
    },
  ]
}

/** Registers a client with as many scopes and audiences as its requests will ask for, last ones first. */
async function wideClient(
  ask: Ask,
  n: number,
): Promise<{ readonly id: string; readonly auth: Readonly<Record<string, string>> }> {
  const body = {
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'],
    scope: scopes(n),
    audience: audiences(n).split(' '),
  }
  const made = await ask({ method: 'POST', path: '/admin/clients', body: JSON.stringify(body) })
  const id = String(made['client_id'])
  return { id, auth: { authorization: `Basic ${btoa(`${id}:${made['client_secret']}`)}` } }
}

const scopes = (n: number): string => list(n, (at) => at.toString(36)).join(' ')
const audiences = (n: number): string => list(n, (at) => `https://${at.toString(36)}.e`).join(' ')

/** A request for all that a wide client may have. */
const wide = (id: string, n: number): Record<string, string> => ({
  client_id: id,
  redirect_uri: REDIRECT_URI,
  response_type: 'code',
  state: 'state-0123456789',
  scope: scopes(n),
  audience: audiences(n),
})

const unsigned = (claims: object): string => `${encode({ alg: 'none' })}.${encode(claims)}.`

const authorize: readonly WorstInput[] = [
  {
    name: 'many scopes and audiences of many',
    most: 240,
    make: async (ask, n) => {
      const { id } = await wideClient(ask, n)
      return { method: 'GET', path: `/oauth2/auth?${form(wide(id, n))}` }
    },
  },
]

const authorizePost = (): readonly WorstInput[] => [
  ...forms('/oauth2/auth'),
  ...tooLong,
  ...[100, 3000].map(
    (most): WorstInput => ({
      name: `a request object of ${most} members`,
      most,
      make: async (ask, n) => {
        const { id } = await wideClient(ask, 1)
        const members = Object.fromEntries(
          list(n - 3, (at) => at.toString(36)).map((name) => [`m${name}`, 1]),
        )
        const request = unsigned({ client_id: id, response_type: 'code', ...members })
        return { method: 'POST', path: '/oauth2/auth', headers: FORM, body: form({ client_id: id, request }) }
      },
    }),
  ),
  {
    name: 'a request object with a long value',
    most: 11_000,
    make: async (ask, n) => {
      const { id } = await wideClient(ask, 1)
      const request = unsigned({
        client_id: id,
        response_type: 'code',
        state: 'x'.repeat(n),
        scope: 'a '.repeat(n / 80),
      })
      return { method: 'POST', path: '/oauth2/auth', headers: FORM, body: form({ client_id: id, request }) }
    },
  },
]

/** Parameters of a known client that are too long: it is told so at its address. */
const tooLong = ['login_hint', 'id_token_hint', 'request', 'scope'].map(
  (name): WorstInput => ({
    name: `a long ${name}`,
    most: 56_000,
    make: async (ask, n) => {
      const { id } = await wideClient(ask, 1)
      const text = name === 'scope' ? 'a '.repeat(n / 2) : 'A.'.repeat(n / 2)
      const body = form({ ...wide(id, 1), [name]: text })
      return { method: 'POST', path: '/oauth2/auth', headers: FORM, body }
    },
  }),
)

/** A form that a wide client sends about itself. */
const byWideClient = (path: string, fields: Readonly<Record<string, string>>): WorstInput => ({
  name: 'many scopes and audiences of many, by their client',
  most: 1000,
  make: async (ask, n) => {
    const { id, auth } = await wideClient(ask, n)
    return { method: 'POST', path, headers: { ...FORM, ...auth }, body: form({ ...wide(id, n), ...fields }) }
  },
})

/** Texts to explain: of no known form, as an envelope, as a JWT, and as a request. */
const explained: readonly WorstInput[] = [
  ['a long text', 60_000, (n: number) => 'x '.repeat(n / 2)],
  ['a long envelope', 15_000, (n: number) => `${'AQ'.padEnd(42, 'A')}.${'A'.repeat(n)}`],
  [
    'a JWT of many claims',
    3000,
    (n: number) => `${unsigned(Object.fromEntries(list(n, String).map((at) => [`c${at}`, 1])))}x`,
  ],
  ['a URL of many parameters', 15_000, (n: number) => `https://app.example/?${'a=&'.repeat(n)}`],
].map(([name, most, text]) =>
  sent(String(name), Number(most), { method: 'POST', path: '/admin/explain' }, (n: number) => ({
    body: JSON.stringify({ text: typeof text === 'function' ? text(n) : '' }),
  })),
)

const introspection: WorstInput = {
  name: 'a token of many scopes, asked for all',
  most: 1000,
  make: async (ask, n) => {
    const { auth } = await wideClient(ask, n)
    const body = form({ grant_type: 'client_credentials', scope: scopes(n) })
    const issued = await ask({ method: 'POST', path: '/oauth2/token', headers: { ...FORM, ...auth }, body })
    const asked = form({ token: String(issued['access_token']), scope: scopes(n) })
    return { method: 'POST', path: '/admin/oauth2/introspect', headers: FORM, body: asked }
  },
}

/** JSON that tells about a client. */
const clientBodies: readonly (readonly [string, number, (n: number) => object])[] = [
  ['many URIs', 1000, (n) => ({ redirect_uris: uris(n), post_logout_redirect_uris: uris(n) })],
  ['too many URIs', 8000, (n) => ({ redirect_uris: uris(n), post_logout_redirect_uris: uris(n) })],
  ['many scopes', 1000, (n) => ({ redirect_uris: [REDIRECT_URI], scope: scopes(n) })],
  ['too many scopes', 30_000, (n) => ({ redirect_uris: [REDIRECT_URI], scope: scopes(n) })],
  ['many members', 20_000, (n) => Object.fromEntries(list(n, (at) => `m${at}`).map((name) => [name, 'x']))],
  [
    'nearly known members',
    190,
    (n) => Object.fromEntries(list(n, (at) => `redirect_uri${at}`).map((name) => [name, 'x'])),
  ],
  [
    'many keys',
    2000,
    (n) => ({ jwks: { keys: Array.from({ length: n }, () => ({ kty: 'EC', crv: 'P-256' })) } }),
  ],
  [
    'many words',
    8000,
    (n) => ({ contacts: uris(n), audience: uris(n), response_types: uris(n), grant_types: uris(n) }),
  ],
  ['free metadata', 90_000, (n) => ({ metadata: { text: 'x'.repeat(n) } })],
  ...['sector_identifier_uri', 'jwks_uri', 'backchannel_logout_uri', 'logo_uri'].flatMap((field) =>
    [1900, 20_000].map(
      (most) =>
        [
          `${field} of ${most} characters`,
          most,
          (n: number) => ({ redirect_uris: [REDIRECT_URI], [field]: `https://${'a'.repeat(n)}/` }),
        ] as const,
    ),
  ),
  ['a long origin', 20_000, (n) => ({ allowed_cors_origins: [`https://${'/'.repeat(n)}x`] })],
]

const uris = (n: number): string[] => list(n, (at) => `a${at}://x`)

const json = (method: string, path: string, bodies: typeof clientBodies): WorstInput[] =>
  bodies.map(([name, most, body]) =>
    sent(name, most, { method, path: placed(path) }, (n: number) => ({ body: JSON.stringify(body(n)) })),
  )

const clients = (method: string, path: string): WorstInput[] => json(method, path, clientBodies)

/** A change of a client that is there. */
const changes = (method: string, bodies: typeof clientBodies): WorstInput[] =>
  bodies.map(([name, most, body]) => ({
    name,
    most,
    make: async (ask, n) => {
      const { id } = await wideClient(ask, 1)
      return { method, path: `/admin/clients/${id}`, body: JSON.stringify(body(Math.floor(n))) }
    },
  }))

const patches: typeof clientBodies = [
  [
    'many operations',
    100,
    (n) => list(n, (at) => `c${at}`).map((value) => ({ op: 'add', path: '/contacts/-', value })),
  ],
  [
    'too many operations',
    5000,
    (n) => list(n, (at) => `c${at}`).map((value) => ({ op: 'add', path: '/contacts/-', value })),
  ],
  ['a long path', 20_000, (n) => [{ op: 'add', path: '/metadata/a'.repeat(n / 11), value: 1 }]],
  ['a long list', 8000, (n) => [{ op: 'add', path: '/redirect_uris', value: uris(n) }]],
]

const verdict: typeof clientBodies = [
  [
    'many words',
    20_000,
    (n) => ({ subject: 'x', grant_scope: uris(n), grant_access_token_audience: uris(n), amr: uris(n) }),
  ],
  [
    'large data',
    60_000,
    (n) => ({ subject: 'x', context: 'x'.repeat(n), session: { id_token: { a: 'x'.repeat(n) } } }),
  ],
]

/** The verdict on a login that waits for one. */
const verdicts = (word: string): WorstInput[] =>
  verdict.map(([name, most, body]) => ({
    name,
    most,
    make: async (ask, n) => {
      const { id } = await wideClient(ask, 1)
      const { location } = await ask({ method: 'GET', path: `/oauth2/auth?${form(wide(id, 1))}` })
      const challenge = new URL(String(location)).searchParams.get('login_challenge')
      return {
        method: 'PUT',
        path: `/admin/oauth2/auth/requests/login/${word}?login_challenge=${challenge}`,
        body: JSON.stringify(body(Math.floor(n))),
      }
    },
  }))

const keySet: typeof clientBodies = [
  ['many keys', 400, (n) => ({ keys: Array.from({ length: n }, () => ({ kty: 'oct' })) })],
]
const words: typeof clientBodies = [
  ['many members', 20_000, (n) => Object.fromEntries(list(n, (at) => `m${at}`).map((name) => [name, 'x']))],
]
const trusted: typeof clientBodies = [
  ['many scopes', 4000, (n) => ({ issuer: 'x', subject: 'x', scope: scopes(n).split(' ') })],
  ['a long issuer', 60_000, (n) => ({ issuer: '/'.repeat(n), scope: [] })],
]
const access: typeof clientBodies = [
  ...words,
  ['many scopes', 20_000, (n) => ({ scope: scopes(n) })],
  ['many hosts', 8000, (n) => ({ redirect_hosts: list(n, (at) => `${at.toString(36)}.example`) })],
  [
    'many of all',
    100,
    (n) => ({ scope: scopes(n), audience: audiences(n).split(' '), grant_types: uris(n) }),
  ],
]
const credential: typeof clientBodies = [
  ...words,
  [
    'a long proof',
    60_000,
    (n) => ({ format: 'jwt_vc_json', proof: { proof_type: 'jwt', jwt: 'A.'.repeat(n / 2) } }),
  ],
]

/** More than what every route gets, by route. */
const OWN: Readonly<Record<string, readonly WorstInput[]>> = {
  'GET /oauth2/auth': authorize,
  'POST /oauth2/auth': authorizePost(),
  'POST /oauth2/token': [
    ...forms('/oauth2/token'),
    byWideClient('/oauth2/token', { grant_type: 'client_credentials' }),
  ],
  'POST /oauth2/revoke': forms('/oauth2/revoke'),
  'POST /oauth2/device/auth': [...forms('/oauth2/device/auth'), byWideClient('/oauth2/device/auth', {})],
  'POST /userinfo': forms('/userinfo'),
  'POST /credentials': json('POST', '/credentials', credential),
  'POST /oauth2/register': clients('POST', '/oauth2/register'),
  'POST /connect/register': clients('POST', '/connect/register'),
  'PUT /oauth2/register/:id': clients('PUT', '/oauth2/register/:id'),
  'PUT /connect/register/:id': clients('PUT', '/connect/register/:id'),
  'POST /oauth2/sessions/logout': forms('/oauth2/sessions/logout'),
  'POST /admin/clients': clients('POST', '/admin/clients'),
  'PUT /admin/clients/:id': changes('PUT', clientBodies),
  'PATCH /admin/clients/:id': changes('PATCH', patches),
  'PUT /admin/clients/:id/lifespans': json('PUT', '/admin/clients/:id/lifespans', words),
  'POST /admin/keys/:set': json('POST', '/admin/keys/:set', words),
  'PUT /admin/keys/:set': json('PUT', '/admin/keys/:set', keySet),
  'PUT /admin/keys/:set/:kid': json('PUT', '/admin/keys/:set/:kid', words),
  'PUT /admin/oauth2/auth/requests/login/accept/:challenge?': verdicts('accept'),
  'PUT /admin/oauth2/auth/requests/login/reject/:challenge?': verdicts('reject'),
  'POST /admin/trust/grants/jwt-bearer/issuers': json(
    'POST',
    '/admin/trust/grants/jwt-bearer/issuers',
    trusted,
  ),
  'POST /admin/registration/initial-access-tokens': json(
    'POST',
    '/admin/registration/initial-access-tokens',
    access,
  ),
  'POST /admin/oauth2/introspect': [...forms('/admin/oauth2/introspect'), introspection],
  'POST /admin/explain': explained,
  'POST /admin/oauth2/flush': json('POST', '/admin/oauth2/flush', words),
  ...Object.fromEntries(
    ['/ui/login', '/ui/consent', '/ui/logout', '/ui/device', '/demo/start'].map((path) => [
      `POST ${path}`,
      forms(path),
    ]),
  ),
}

/** Every route of the application: its path, and its methods. */
const PATHS = [
  '/health/alive GET',
  '/health/ready GET',
  '/.well-known/openid-configuration GET',
  '/.well-known/oauth-authorization-server GET',
  '/.well-known/jwks.json GET',
  '/docs/:room?/:page? GET',
  '/llms.txt GET',
  '/openapi.json GET',
  '/oauth2/auth GET POST',
  '/oauth2/token POST',
  '/oauth2/revoke POST',
  '/oauth2/device/auth POST',
  '/oauth2/device/verify GET',
  '/userinfo GET POST',
  '/credentials POST',
  '/oauth2/register POST',
  '/connect/register POST',
  '/oauth2/register/:id GET PUT DELETE',
  '/connect/register/:id GET PUT DELETE',
  '/oauth2/sessions/logout GET POST',
  '/oauth2/sessions/check GET',
  '/admin/oauth2/auth/sessions/login/revoke GET',
  '/admin/clients GET POST',
  '/admin/clients/:id GET PUT PATCH DELETE',
  '/admin/clients/:id/lifespans PUT',
  '/admin/clients/:id/secrets/rotate POST DELETE',
  '/admin/keys/:set/:kid? GET DELETE',
  '/admin/keys/:set POST PUT',
  '/admin/keys/:set/:kid PUT',
  '/admin/oauth2/auth/requests/device/accept PUT',
  '/admin/oauth2/auth/requests/logout GET',
  '/admin/oauth2/auth/requests/logout/accept PUT',
  '/admin/oauth2/auth/requests/logout/reject PUT',
  '/admin/oauth2/auth/requests/login/:challenge? GET',
  '/admin/oauth2/auth/requests/login/accept/:challenge? PUT',
  '/admin/oauth2/auth/requests/login/reject/:challenge? PUT',
  '/admin/oauth2/auth/requests/consent/:challenge? GET',
  '/admin/oauth2/auth/requests/consent/accept/:challenge? PUT',
  '/admin/oauth2/auth/requests/consent/reject/:challenge? PUT',
  '/admin/oauth2/auth/sessions/consent/:subject? GET',
  '/admin/oauth2/auth/sessions/consent/:subject?/:client? DELETE',
  '/admin/oauth2/auth/sessions/login GET',
  '/admin/oauth2/auth/sessions/login/:subject? DELETE',
  '/admin/subjects/:subject GET DELETE',
  '/admin/trust/grants/jwt-bearer/issuers GET POST',
  '/admin/trust/grants/jwt-bearer/issuers/:id GET DELETE',
  '/admin/registration/initial-access-tokens GET POST',
  '/admin/registration/initial-access-tokens/:id DELETE',
  '/admin/oauth2/introspect POST',
  '/admin/oauth2/flush POST',
  '/admin/explain POST',
  '/admin/oauth2/tokens DELETE',
  '/admin/audit GET',
  '/admin/copies DELETE',
  '/admin/grants GET',
  '/admin/status GET',
  '/admin/version GET',
  '/admin/metrics/prometheus GET',
  '/oauth2/fallbacks/style.css GET',
  '/oauth2/fallbacks/login GET',
  '/oauth2/fallbacks/consent GET',
  '/oauth2/fallbacks/logout GET',
  '/oauth2/fallbacks/logout/callback GET',
  '/oauth2/fallbacks/device GET',
  '/oauth2/fallbacks/device/done GET',
  '/oauth2/fallbacks/error GET',
  '/ GET',
  '/ui/login GET POST',
  '/ui/consent GET POST',
  '/ui/logout GET POST',
  '/ui/device GET POST',
  '/ui/device/done GET',
  '/demo/start POST',
  '/demo/callback GET',
  '/demo GET',
  '/demo/logout POST',
  '/demo/refresh POST',
  '/demo/userinfo POST',
  '/demo/introspect POST',
  '/demo/revoke POST',
  '/demo/:action GET',
]

/** Every route by method and path. */
export const ROUTES: readonly string[] = PATHS.flatMap((line) => {
  const [path = '', ...methods] = line.split(' ')
  return methods.map((method) => `${method} ${path}`)
})

/** The worst that a route may be sent. */
export function worstInputs(route: string): readonly WorstInput[] {
  const [method = '', path = ''] = route.split(' ')
  return [...anywhere(method, path), ...(OWN[route] ?? [])]
}

/** Routes that get more than every route does. */
export const OWN_ROUTES: readonly string[] = Object.keys(OWN)
