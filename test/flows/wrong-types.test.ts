import { beforeAll, describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, locationOf, testEnv } from '../support/deployment.ts'
import { authorizationPath, LoginApp, parameter, registerClient } from '../support/relying-party.ts'

const deployment = new Deployment(testEnv({ OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true' }))
let login: string
let consent: string

beforeAll(async () => {
  const browser = new Browser(deployment)
  const atLogin = await browser.next(authorizationPath(await registerClient(deployment)))
  const loginChallenge = parameter(atLogin, 'login_challenge')
  login = `login/accept?login_challenge=${loginChallenge}`
  const app = new LoginApp(deployment)
  const onward = await app.decide('login', 'accept', loginChallenge, { subject: 'alice' })
  consent = `consent/accept?consent_challenge=${parameter(await browser.next(onward), 'consent_challenge')}`
})

const told = async (response: Response): Promise<unknown> => {
  expect(response.status).toBe(400)
  return (await bodyOf(response))['error_description']
}

const decide = (step: string, body: unknown): Promise<Response> =>
  deployment.admin('PUT', `/admin/oauth2/auth/requests/${step}`, body)

describe('a member of another type than it must have is told the right one, and the one that came', () => {
  it.each<[body: unknown, told: string]>([
    [{ subject: 5 }, "Field 'subject' must be a string, not a number."],
    [{ subject: 'a', remember: 'yes' }, "Field 'remember' must be true or false, not a string."],
    [
      { subject: 'a', remember_for: '60' },
      "Field 'remember_for' must be a whole number of seconds, not a string.",
    ],
    [{ subject: 'a', remember_for: 1.5 }, "Field 'remember_for' must be a whole number of seconds."],
    [{ subject: 'a', amr: { otp: true } }, "Field 'amr' must be an array of strings, not an object."],
    ['alice', 'The body must be a JSON object, not a string.'],
    [null, 'The body must be a JSON object, not null.'],
  ])('in a login: %j', async (body, expected) => {
    expect(await told(await decide(login, body))).toContain(expected)
  })

  it.each<[body: unknown, told: string]>([
    [{ grant_scope: 'openid' }, "Field 'grant_scope' must be an array of strings, not a string."],
    [{ grant_scope: ['openid', 5] }, "Field 'grant_scope' must be an array of strings, and holds a number."],
    [{ session: true }, "Field 'session' must be a JSON object, not true."],
    [{ session: { id_token: [] } }, "Field 'session.id_token' must be a JSON object, not an array."],
  ])('in a consent: %j', async (body, expected) => {
    expect(await told(await decide(consent, body))).toContain(expected)
  })

  it.each<[path: string, body: unknown, told: string]>([
    ['clients', { redirect_uris: 'x' }, "Field 'redirect_uris' must be an array of strings, not a string."],
    ['clients', { contacts: [false] }, "Field 'contacts' must be an array of strings, and holds false."],
    ['clients', { application_type: 'mobile' }, "Field 'application_type' must be one of web, native."],
    ['clients', { default_max_age: -1 }, "Field 'default_max_age' must be a whole number of seconds, or 0."],
    ['clients', { require_auth_time: 1 }, "Field 'require_auth_time' must be true or false, not a number."],
    ['clients', { ledger_shards: 65 }, "Field 'ledger_shards' must be a whole number from 1 to 64."],
    ['clients', { initiate_login_uri: 'http://a.test' }, "Field 'initiate_login_uri' must be an https URL."],
    [
      'clients',
      { session_idle_lifespan: 'soon' },
      "Field 'session_idle_lifespan' must be a Go duration such as 720h.",
    ],
    [
      'clients',
      { request_object_encryption_alg: 'RSA-OAEP' },
      "Field 'request_object_encryption_alg' must be absent.",
    ],
    ['clients', { 'client_uri#de': 'x' }, "Field 'client_uri#de' must be an http or https URL."],
    ['clients', { scope: 'a"b' }, 'no scope token: printable ASCII without quotes and backslashes.'],
    [
      'clients',
      { scope_descriptions: { read: 5 } },
      "Field 'scope_descriptions' must be an object with a text of",
    ],
    ['keys/some', { alg: 5 }, "Field 'alg' must be a string, not a number."],
    ['keys/some', { alg: 'ES256', use: 'sign' }, "Field 'use' must be 'sig' or 'enc'."],
    ['keys/some', [], "The body must be an object with 'alg' (one of RS256,"],
    ['keys/some', [], "and, if you like, 'kid' and 'use' (sig or enc)."],
    ['explain', { text: 5 }, "Field 'text' must be a string, not a number."],
    ['explain', {}, "Field 'text' is missing."],
    ['oauth2/flush', { notAfter: 'soon' }, "Field 'notAfter' must be a string that is an RFC 3339 time."],
    [
      'trust/grants/jwt-bearer/issuers',
      { scope: 'openid' },
      "Field 'scope' must be an array of strings, not a string.",
    ],
    [
      'registration/initial-access-tokens',
      { uses: 0 },
      "Field 'uses' must be a whole number from 1 to 1000000.",
    ],
    [
      'registration/initial-access-tokens',
      { use: 1 },
      "Field 'use' must be absent: the body may have expires_in, uses,",
    ],
    [
      'registration/initial-access-tokens',
      { audience: 'x' },
      "Field 'audience' must be an array of at most 100 strings",
    ],
    [
      'registration/initial-access-tokens',
      { scope: 'a  b' },
      "Field 'scope' must be a string of at most 100 scopes,",
    ],
    [
      'registration/initial-access-tokens',
      { redirect_hosts: ['a/b'] },
      "Field 'redirect_hosts' must be an array of host names",
    ],
  ])('at %s: %j', async (path, body, expected) => {
    expect(await told(await deployment.admin('POST', `/admin/${path}`, body))).toContain(expected)
  })

  it('nothing of the value is repeated', async () => {
    const answers = await Promise.all([
      decide(login, { subject: { password: 'hunter2' } }),
      decide(consent, { session: { id_token: 'hunter2' } }),
      deployment.admin('POST', '/admin/clients', { client_secret: ['hunter2'] }),
    ])
    for (const answer of answers) expect(await told(answer)).not.toContain('hunter2')
  })
})

it.each([
  ['application/json', 'not application/json.'],
  ['', 'not without a type.'],
])('a form of type %j is told both', async (type, expected) => {
  const body = new Blob(['{}'], { type })
  const answer = await told(await deployment.fetch('/oauth2/token', { method: 'POST', body }))
  expect(answer).toContain(
    `The body must be application/x-www-form-urlencoded or multipart/form-data, ${expected}`,
  )
})

describe('what is missing is said, and what it must be', () => {
  it.each([
    ['/oauth2/token', { scope: 'x' }, "Parameter 'grant_type' is missing. Send one of authorization_code,"],
    [
      '/oauth2/device/auth',
      { scope: 'x', client_id: '' },
      'The request names no client. Send client_id, or authenticate the client.',
    ],
  ])('at %s: %j', async (path, fields, expected) => {
    expect(await told(await deployment.form(path, fields))).toContain(expected)
  })

  it.each([
    ['response_type', "Parameter 'response_type' is missing. Send one of the client's response_types: code."],
    ['client_id', "Parameter 'client_id' is missing. Send the id of the client, as it is registered."],
  ])('in an authorization request: %s', async (parameter, expected) => {
    const path = authorizationPath(await registerClient(deployment), { [parameter]: undefined })
    expect(locationOf(await deployment.fetch(path)).searchParams.get('error_description')).toContain(expected)
  })

  it('in what a login page sends', async () => {
    expect(await told(await decide('login/accept', {}))).toContain(
      "Parameter 'login_challenge' is missing. Send the one in the address that your login page was opened with.",
    )
    expect(await told(await decide(login, {}))).toContain(
      "Field 'subject' is missing. Send the id of the user.",
    )
  })
})

describe('a request without a body says what is missing, and what may be sent', () => {
  it.each([
    [
      '/oauth2/token',
      "parameter 'grant_type' is missing. Send the parameters in the body of a POST, as a form: grant_type is one of authorization_code,",
    ],
    ['/oauth2/revoke', "parameter 'token' is missing."],
    ['/oauth2/device/auth', "parameter 'client_id' is missing."],
  ])('%s', async (path, expected) => {
    const { id, secret } = await registerClient(deployment)
    for (const headers of [{}, { authorization: `Basic ${btoa(`${id}:${secret}`)}` }])
      expect(await told(await deployment.fetch(path, { method: 'POST', headers }))).toContain(
        `The body is empty, and ${expected}`,
      )
  })
})
