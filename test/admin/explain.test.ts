import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { ADMIN_KEY, Browser, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { registerDeviceClient, startDevice } from '../support/device.ts'
import { LogLines } from '../support/log-lines.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
  type Tokens,
  tokenRequest,
} from '../support/relying-party.ts'

const revoking = {
  OAUTH2_REVOKE_TOKENS_ON_LOGOUT: 'true',
  OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '0s',
}
const deployment = new Deployment(testEnv(revoking))
const app = new LoginApp(deployment)
const lines = new LogLines()
let client: TestClient

beforeAll(async () => {
  client = await registerClient(deployment, { client_name: 'Shop' })
})
afterEach(() => {
  vi.useRealTimers()
})

interface Explained extends Readonly<Record<string, unknown>> {
  readonly checks?: readonly Readonly<Record<string, unknown>>[]
}

/** Asks what a text is; whatever the answer, it holds neither the text nor anything null or empty. */
async function explain(text: string, by = deployment): Promise<Explained> {
  const response = await by.admin('POST', '/admin/explain', { text })
  expect(response.status).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
  const answer = await response.text()
  if (text.length > 40) expect(answer).not.toContain(text)
  expect(answer).not.toMatch(/null|:""|:\[\]|:\{\}/)
  return JSON.parse(answer)
}

function later(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

const subjectOf = (): { readonly subject: string } => ({ subject: `user-${crypto.randomUUID()}` })
const sidOf = ({ id_token }: Tokens): string =>
  JSON.parse(atob(String(id_token.split('.')[1]).replaceAll('-', '+').replaceAll('_', '/'))).sid

/** What ends tokens, and what an access token and a refresh token are then said to be. */
type End = [by: string, act: (by: TestClient, tokens: Tokens, subject: string) => Promise<unknown>]
const ENDS: readonly End[] = [
  ['token_revoked', (by, { access_token }) => revoke(deployment, by, access_token)],
  [
    'consent_revoked',
    (_by, _tokens, subject) =>
      deployment.admin('DELETE', `/admin/oauth2/auth/sessions/consent?subject=${subject}&all=true`),
  ],
  [
    'all_sessions_ended',
    (_by, _tokens, subject) =>
      deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`),
  ],
  [
    'session_ended',
    (_by, tokens) => deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?sid=${sidOf(tokens)}`),
  ],
  [
    'refresh_token_reused',
    async (by, { refresh_token }) => {
      await refresh(deployment, by, refresh_token)
      await refresh(deployment, by, refresh_token)
    },
  ],
  ['client_deleted', (by) => deployment.admin('DELETE', `/admin/clients/${by.id}`)],
  ['client_tokens_deleted', (by) => deployment.admin('DELETE', `/admin/oauth2/tokens?client_id=${by.id}`)],
]

describe('a token', () => {
  it('that is good: whose it is, what for, and until when', async () => {
    const { access_token, refresh_token } = await logIn(deployment, client, { login: { subject: 'alice' } })
    const known = {
      state: 'active',
      client: { client_id: client.id, client_name: 'Shop', exists: true, is_the_same: true },
      subject: 'alice',
      scope: 'openid offline_access',
      login_session: { sid: expect.any(String), active: true },
      issued_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
    }
    expect(await explain(access_token)).toMatchObject({ kind: 'access_token', ...known })
    expect(await explain(` Bearer ${access_token}\n`)).toMatchObject({ kind: 'access_token', ...known })
    expect(await explain(refresh_token)).toMatchObject({ kind: 'refresh_token', ...known })
  })

  it.each<End>(ENDS)('that %s ended', async (by, act) => {
    const own = await registerClient(deployment)
    const login = subjectOf()
    const tokens = await logIn(deployment, own, { login: { ...login, remember: true } })
    await act(own, tokens, login.subject)
    const access = await explain(tokens.access_token)
    expect(access).toMatchObject({ kind: 'access_token', state: 'revoked', ended_by: by })
    expect(access['cause']).toEqual(expect.any(String))
    const isLater = by !== 'client_deleted' && by !== 'client_tokens_deleted'
    if (isLater) expect(access['ended_at']).toEqual(expect.stringMatching(/Z$/))
    expect((await explain(tokens.refresh_token))['state']).toBe(
      by === 'client_tokens_deleted' ? 'active' : 'revoked',
    )
    expect(await deployment.introspect(tokens.access_token)).toEqual({ active: false })
  })

  it('that expired, before and after its row is gone', async () => {
    const { access_token, refresh_token } = await logIn(deployment, client)
    later(3601)
    expect(await explain(access_token)).toMatchObject({ state: 'expired', subject: 'alice' })
    later(100 * 86_400)
    expect(await explain(refresh_token)).toMatchObject({ kind: 'refresh_token', state: 'expired' })
  })

  it('that a refresh replaced', async () => {
    const first = await logIn(deployment, client)
    await refresh(deployment, client, first.refresh_token)
    const old = await explain(first.refresh_token)
    expect(old).toMatchObject({ kind: 'refresh_token', state: 'superseded' })
    expect(old['cause']).toMatch(/^A refresh replaced it at .*Z\.$/)
    expect(await explain(first.access_token)).toMatchObject({ kind: 'access_token', state: 'superseded' })
  })

  it('without a grant: alive, revoked, expired', async () => {
    const issue = async (): Promise<string> =>
      String(
        (await bodyOf(await tokenRequest(deployment, client, { grant_type: 'client_credentials' })))[
          'access_token'
        ],
      )
    const [one, other] = [await issue(), await issue()]
    expect(await explain(one)).toMatchObject({ kind: 'access_token', state: 'active', subject: client.id })
    await revoke(deployment, client, one)
    expect(await explain(one)).toMatchObject({ state: 'revoked', ended_by: 'token_revoked' })
    later(3601)
    expect(await explain(other)).toMatchObject({ state: 'expired' })
  })

  it('whose subject was erased: nothing that was stored is told', async () => {
    const login = subjectOf()
    const { access_token } = await logIn(deployment, client, { login })
    await deployment.admin('DELETE', `/admin/subjects/${login.subject}`)
    const told = await explain(access_token)
    expect(told).toMatchObject({ kind: 'access_token', state: 'gone' })
    expect(JSON.stringify(told)).not.toContain(login.subject)
  })
})

describe('a code', () => {
  const codeOf = async (by: TestClient, login = subjectOf()): Promise<string> =>
    parameter(await authorizeAt(deployment, by, { login: { ...login, remember: true } }), 'code')

  it('that waits, was redeemed, or came twice', async () => {
    const code = await codeOf(client)
    const waits = {
      kind: 'code',
      state: 'active',
      needs_code_verifier: true,
      redirect_uri: 'https://app.example/cb',
    }
    expect(await explain(code)).toMatchObject(waits)
    expect(await explain(`https://app.example/cb?code=${code}&state=x`)).toMatchObject(waits)
    await redeem(deployment, client, code)
    const spent = await explain(code)
    expect(spent).toMatchObject({ kind: 'code', state: 'spent' })
    expect(spent).not.toHaveProperty('ended_by')
    await redeem(deployment, client, code)
    expect(await explain(code)).toMatchObject({ state: 'spent', ended_by: 'code_reused' })
  })

  it.each<
    [string, string, (code: string, login: { readonly subject: string }, by: TestClient) => Promise<unknown>]
  >([
    ['expired', 'expired', async () => later(601)],
    [
      'revoked',
      'whose session ended',
      (_code, { subject }) =>
        deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`),
    ],
    [
      'revoked',
      'whose client was deleted',
      (_code, _login, by) => deployment.admin('DELETE', `/admin/clients/${by.id}`),
    ],
  ])('that is %s: one %s', async (state, _what, act) => {
    const [by, login] = [await registerClient(deployment), subjectOf()]
    const code = await codeOf(by, login)
    await act(code, login, by)
    expect(await explain(code)).toMatchObject({ kind: 'code', state })
  })
})

describe('a step of a flow', () => {
  it('is told with its client, and once the flow is finished as spent', async () => {
    const browser = new Browser(deployment)
    const login = subjectOf()
    const atLogin = await browser.next(authorizationPath(client))
    const challenge = parameter(atLogin, 'login_challenge')
    const shown = { client: { client_id: client.id }, requested_scope: 'openid offline_access' }
    expect(await explain(challenge)).toMatchObject({ kind: 'login_challenge', state: 'active', ...shown })
    expect(await explain(atLogin.href)).toMatchObject({ kind: 'login_challenge', state: 'active' })
    const loggedIn = await app.decide('login', 'accept', challenge, login)
    const verified = { kind: 'login_verifier', decision: 'accepted', ...login }
    expect(await explain(loggedIn)).toMatchObject({ ...verified, state: 'active' })
    const consent = parameter(await browser.next(loggedIn), 'consent_challenge')
    expect(await explain(consent)).toMatchObject({ kind: 'consent_challenge', state: 'active', ...login })
    const consented = await app.decide('consent', 'accept', consent, { grant_scope: ['openid'] })
    await browser.next(consented)
    for (const text of [challenge, loggedIn, consent, consented])
      expect(await explain(text)).toMatchObject({ state: 'spent', ...login })
    later(3601)
    expect((await explain(challenge))['state']).toBe('spent')
  })

  it('that expired, was refused, or whose client is gone', async () => {
    const by = await registerClient(deployment)
    const browser = new Browser(deployment)
    const challenge = parameter(await browser.next(authorizationPath(by)), 'login_challenge')
    const refused = await app.decide('login', 'reject', challenge, { error: 'access_denied' })
    expect(await explain(refused)).toMatchObject({ kind: 'login_verifier', decision: 'rejected' })
    later(7200)
    expect(await explain(challenge)).toMatchObject({ kind: 'login_challenge', state: 'expired' })
    await deployment.admin('DELETE', `/admin/clients/${by.id}`)
    expect(await explain(challenge)).toMatchObject({ state: 'revoked', ended_by: 'client_deleted' })
  })

  it('of a logout', async () => {
    const browser = new Browser(deployment)
    const { id_token } = await logIn(deployment, client, {
      browser,
      login: { ...subjectOf(), remember: true },
    })
    const at = await browser.next(`/oauth2/sessions/logout?id_token_hint=${id_token}`)
    const challenge = parameter(at, 'logout_challenge')
    const known = { kind: 'logout_challenge', client: { client_id: client.id } }
    expect(await explain(challenge)).toMatchObject({ ...known, state: 'active' })
    await browser.visit(await app.decide('logout', 'accept', challenge))
    expect(await explain(challenge)).toMatchObject({ ...known, state: 'spent' })
    expect(await explain(id_token)).toMatchObject({
      kind: 'id_token',
      state: 'revoked',
      ended_by: 'session_ended',
    })
  })

  it('of a device: by its code, and by what its user types', async () => {
    const tv = await registerDeviceClient(deployment)
    const { device_code, user_code } = await startDevice(deployment, tv)
    const known = { state: 'pending', client: { client_id: tv.id }, requested_scope: 'openid offline_access' }
    expect(await explain(device_code)).toMatchObject({ kind: 'device_code', ...known })
    expect(await explain(user_code)).toMatchObject({ kind: 'user_code', ...known })
    expect(await explain('BBBBBBBB')).toMatchObject({ kind: 'unknown' })
    const url = `${ISSUER}/oauth2/device/verify?user_code=${user_code}`
    expect(await explain(url)).toMatchObject({ kind: 'user_code', ...known })
    later(601)
    expect(await explain(device_code)).toMatchObject({ kind: 'device_code', state: 'expired' })
  })
})

describe('user codes that are guessed', () => {
  it('are counted by the key that asks, whatever its network; other texts and keys go on', async () => {
    const keys = 'one@explain:key-of-somebody-who-guesses,two@explain:key-of-somebody-else'
    const by = new Deployment(testEnv({ ADMIN_API_KEYS: `${ADMIN_KEY},${keys}` }))
    const ask = async (key: string, text: string, at = 0): Promise<number> => {
      const headers = { authorization: `Bearer ${key}`, 'cf-connecting-ip': `192.0.2.${at}` }
      return (await by.fetch('/admin/explain', { method: 'POST', headers, body: JSON.stringify({ text }) }))
        .status
    }
    const { user_code } = await startDevice(by, await registerDeviceClient(by))
    for (let at = 0; at < 60; at += 1)
      expect(await ask('key-of-somebody-who-guesses', 'BBBBBBBB', at)).toBe(200)
    expect(await ask('key-of-somebody-who-guesses', 'BBBBBBBB', 61)).toBe(429)
    expect(lines.last('request')).toMatchObject({ reason: 'user_code_guessed_by_key' })
    expect(await ask('key-of-somebody-who-guesses', user_code, 62)).toBe(429)
    expect(await ask('key-of-somebody-who-guesses', 'ory_at_x.y')).toBe(200)
    for (let at = 0; at < 70; at += 1) expect(await ask('key-of-somebody-else', user_code)).toBe(200)
  })
})

describe('a text that does not open', () => {
  it('is called cut off, altered, of another server, or of Hydra', async () => {
    const { access_token } = await logIn(deployment, client)
    const [head = '', box = ''] = access_token.split('.')
    expect(await explain(access_token.slice(0, -10))).toMatchObject({
      kind: 'access_token',
      state: 'damaged',
    })
    expect(await explain(head)).toMatchObject({ kind: 'access_token', state: 'damaged' })
    expect(await explain(`${head}.${[...box].reverse().join('')}`)).toMatchObject({ state: 'damaged' })
    const foreign = `ory_at_AQ${'x'.repeat(39)}w.${box}`
    expect(await explain(foreign)).toMatchObject({ kind: 'access_token', state: 'foreign' })
    const hydra = `ory_rt_${'a'.repeat(43)}.${'b'.repeat(43)}`
    expect(await explain(hydra)).toMatchObject({ kind: 'refresh_token', state: 'foreign' })
  })

  it.each([
    ['short', 'x'],
    ['an id', crypto.randomUUID()],
    ['with spaces', 'what is this?'],
    ['binary', '\u0001\u0002\uffff\u0000'],
    ['long', 'x'.repeat(65_536)],
    ['of dots', '.'.repeat(65_536)],
    ['of a long head', `${'A'.repeat(40_000)}.${'A'.repeat(20_000)}`],
  ])('is nothing that is handed out: %s', async (_what, text) => {
    expect(['unknown', 'damaged']).toContain((await explain(text))['state'])
  })

  it('that is the id of a request, session or consent is sent to the log', async () => {
    const told = await explain(crypto.randomUUID().toUpperCase())
    expect(told).toMatchObject({ kind: 'unknown', fix: 'Look for it in the log.' })
  })

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['an empty text', { text: ' ' }],
    ['no text', { text: 7 }],
    ['too long a text', { text: 'x'.repeat(65_537) }],
    ['a list', []],
  ])('is refused: %s', async (_what, body) => {
    expect((await deployment.admin('POST', '/admin/explain', body)).status).toBe(400)
  })
})

describe('the address of the error page', () => {
  const refused = async (): Promise<string> => {
    const path = authorizationPath(client, { redirect_uri: 'https://other.example/' })
    const { headers } = await new Browser(deployment).visit(path)
    return headers.get('location') ?? ''
  }

  it('says what the page says, of which client, and where the log has more', async () => {
    const told = await explain(await refused())
    expect(told).toMatchObject({
      ...{ kind: 'error_notice', state: 'active', error: 'invalid_request' },
      reason: 'redirect_uri_unregistered',
      cause: expect.stringContaining("Parameter 'redirect_uri' is not registered for this client."),
      client: { client_id: client.id, client_name: 'Shop' },
      request_id: lines.of('request').at(-2)?.['request_id'],
    })
  })

  it('says so too when the page no longer does', async () => {
    const address = await refused()
    later(3601)
    expect(await explain(address)).toMatchObject({ state: 'expired', error: 'invalid_request' })
  })
})

describe('an authorization URL', () => {
  const check = ({ checks = [] }: Explained, name: string) => checks.find((one) => one['check'] === name)

  it('that is good passes every check, and begins nothing', async () => {
    const told = await explain(ISSUER + authorizationPath(client))
    expect(told).toMatchObject({
      kind: 'authorization_request',
      state: 'active',
      client: { client_id: client.id },
    })
    expect(told.checks?.map((one) => [one['check'], one['outcome']])).toEqual(
      [
        ...['endpoint', 'request', 'size', 'parameters', 'client', 'repeated_parameters', 'address', 'lists'],
        ...['grant_type', 'scope', 'audience', 'request_object', 'registration', 'response_type', 'state'],
        ...['prompt', 'max_age', 'claims', 'nonce', 'code_challenge', 'redirect_uri_scheme'],
      ].map((name) => [name, 'passed']),
    )
  })

  it.each<[string, string, Readonly<Record<string, string | undefined>>]>([
    ['client', 'client_unregistered', { client_id: 'nobody' }],
    ['client', 'parameter_missing', { client_id: undefined }],
    ['address', 'redirect_uri_unregistered', { redirect_uri: 'https://other.example/' }],
    ['address', 'redirect_uri_near', { redirect_uri: 'https://app.example/cb/' }],
    ['address', 'response_mode_unfit', { response_mode: 'pigeon' }],
    ['scope', 'scope_not_allowed', { scope: 'openid admin' }],
    ['audience', 'audience_not_allowed', { audience: 'https://other.example' }],
    ['response_type', 'response_type_unregistered', { response_type: 'token' }],
    ['state', 'state_too_short', { state: 'x', nonce: undefined, code_challenge: undefined }],
    ['nonce', 'nonce_too_short', { nonce: 'x' }],
    ['code_challenge', 'pkce_missing', { code_challenge: undefined }],
    ['max_age', 'parameter_malformed', { max_age: 'soon' }],
    ['request', 'request_object_unusable', { request: 'no.jwt' }],
    ['request', 'request_uri_unregistered', { request_uri: 'https://app.example/r' }],
    ['id_token_hint', 'hint_foreign', { id_token_hint: 'no.id.token' }],
  ])('fails check %s as the endpoint does: %s', async (name, reason, changes) => {
    const path = authorizationPath(client, changes)
    const told = await explain(ISSUER + path)
    expect(told).toMatchObject({ kind: 'authorization_request', state: 'refused', fix: expect.any(String) })
    const failed = { outcome: 'failed', reason, cause: expect.any(String), fix: expect.any(String) }
    expect(check(told, name)).toMatchObject(failed)
    await new Browser(deployment).visit(path)
    expect(lines.of('request').at(-1)).toMatchObject({ reason })
  })

  it.each([
    ['a slash', 'https://app.example/cb/'],
    ['upper case', 'https://app.example/CB'],
    ['a port', 'https://app.example:8443/cb'],
    ['the scheme', 'http://app.example/cb'],
  ])('whose redirect URI differs by %s is told the registered one', async (_what, redirect_uri) => {
    const told = await explain(ISSUER + authorizationPath(client, { redirect_uri }))
    const near = { outcome: 'failed', reason: 'redirect_uri_near', nearest: 'https://app.example/cb' }
    expect(check(told, 'address')).toMatchObject(near)
    expect(check(told, 'scope')).toMatchObject({ outcome: 'passed' })
  })

  it('goes on behind a failed check, and says what was not reached', async () => {
    const redirect_uri = 'https://app.example/other'
    const told = await explain(
      ISSUER + authorizationPath(client, { redirect_uri, nonce: 'x', scope: 'openid admin' }),
    )
    const failed = told.checks?.filter((one) => one['outcome'] === 'failed').map((one) => one['check'])
    expect(failed).toEqual(['address', 'scope', 'nonce'])
    const twice = await explain(`${ISSUER}${authorizationPath(client)}&state=another`)
    const reached = twice.checks?.filter((one) => one['outcome'] === 'not_reached').map((one) => one['check'])
    expect(reached?.slice(0, 6)).toEqual([
      ...['size', 'parameters', 'client', 'repeated_parameters', 'address', 'lists'],
    ])
  })

  it('without a client that there is has all checks in its answer', async () => {
    const names = ({ checks = [] }: Explained): readonly unknown[] => checks.map((one) => one['check'])
    const good = names(await explain(ISSUER + authorizationPath(client)))
    expect(names(await explain(`${ISSUER}/oauth2/auth?client_id=nobody&response_type=code`))).toEqual(good)
  })

  it.each([
    ['a slash at the end', ISSUER, '/oauth2/auth/', 'passed'],
    ['doubled slashes', ISSUER, '//oauth2//auth', 'passed'],
    ['a host of PUBLIC_HOSTS', ISSUER.replace(/:.*/, '://also.example'), '/oauth2/auth', 'passed'],
    ['another host', 'https://other.example', '/oauth2/auth', 'failed'],
    ['another path', ISSUER, '/oauth2/authorize', 'failed'],
  ])('with %s is judged as the router does', async (_what, origin, path, outcome) => {
    const by = new Deployment(testEnv({ PUBLIC_HOSTS: 'also.example' }))
    const [, query = ''] = authorizationPath(client).split('?')
    expect(check(await explain(`${origin}${path}?${query}`, by), 'endpoint')).toMatchObject({ outcome })
  })

  it.each(['device_code', 'user_code', 'refresh_token', 'code', 'login_challenge'])(
    'that carries a %s is explained as what it carries',
    async (name) => {
      const told = await explain(`${ISSUER}/anything?${name}=a.b.c.d.e`)
      expect(told).toMatchObject({ kind: 'encrypted_jwt' })
    },
  )

  it('of another address is still tried', async () => {
    const told = await explain(`https://other.example${authorizationPath(client)}`)
    expect(check(told, 'endpoint')).toMatchObject({ outcome: 'failed' })
    expect(check(told, 'client')).toMatchObject({ outcome: 'passed' })
  })

  it.each([
    ['nothing', 'https://app.example/'],
    ['no host', 'http://'],
    ['very many parameters', `${ISSUER}/oauth2/auth?${'a=&'.repeat(20_000)}`],
    ['a URL in a URL', `${ISSUER}/oauth2/auth?login_challenge=${ISSUER}/oauth2/auth?login_challenge=x`],
    ['a long state', `${ISSUER}/oauth2/auth?client_id=x&state=${'x'.repeat(60_000)}`],
  ])('that holds %s is answered', async (_what, url) => {
    expect(['refused', 'unknown']).toContain((await explain(url))['state'])
  })
})

describe('an address with an error', () => {
  it('of an application, or of a page of the operator, says what it was', async () => {
    const changes = { scope: 'openid other' }
    const response = await new Browser(deployment).visit(authorizationPath(client, changes))
    const told = { kind: 'authorization_response', state: 'refused', error: 'invalid_scope' }
    const cause = expect.stringContaining("'other'")
    expect(await explain(response.headers.get('location') ?? '')).toMatchObject({ ...told, cause })
    const id = crypto.randomUUID()
    const page = `https://app.example/error?error=invalid_scope&error_description=&request_id=${id}`
    expect(await explain(page)).toMatchObject({ ...told, request_id: id })
  })

  it("does not pass its words off as the server's", async () => {
    const said = 'The signing key is damaged. Delete it.'
    const page = `https://app.example/cb?error=server_error&error_description=${encodeURIComponent(said)}&request_id=${said}`
    const explained = await explain(page)
    expect(explained['cause']).toBe(`The address says, and anybody can write one: "${said}"`)
    expect(explained).not.toHaveProperty('request_id')
    expect(await explain(`https://app.example/cb?error=${encodeURIComponent(said)}`)).not.toMatchObject({
      kind: 'authorization_response',
    })
  })
})

describe('who may ask', () => {
  it('an API key of scope explain or all, and every answer has its audit line, without the text', async () => {
    const keys = ['introspect', 'flows', 'explain'].map((scope) => `app@${scope}:key-of-scope-${scope}`)
    const by = new Deployment(testEnv({ ADMIN_API_KEYS: `${ADMIN_KEY},${keys.join(',')}` }))
    const { access_token } = await logIn(by, client, { login: { subject: 'alice' } })
    const ask = (scope: string): Promise<Response> =>
      by.fetch('/admin/explain', {
        method: 'POST',
        headers: { authorization: `Bearer key-of-scope-${scope}` },
        body: JSON.stringify({ text: access_token }),
      })
    expect((await ask('introspect')).status).toBe(403)
    expect((await ask('flows')).status).toBe(403)
    lines.clear()
    expect((await ask('explain')).status).toBe(200)
    expect(lines.last('audit')).toMatchObject({
      ...{ event: 'text.explained', actor: 'key:app', text_kind: 'access_token', client_id: client.id },
      sub_hash: expect.any(String),
    })
    expect(lines.text()).not.toContain(access_token)
    expect(lines.text()).not.toContain('alice')
  })
})
