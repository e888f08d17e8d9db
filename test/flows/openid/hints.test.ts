import { decodeJwt, UnsecuredJWT } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Browser, bodyOf, Deployment } from '../../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  registerClient,
} from '../../support/relying-party.ts'

type Changes = Readonly<Record<string, string>>

let deployment: Deployment

beforeEach(() => {
  deployment = new Deployment()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
})

afterEach(() => {
  vi.useRealTimers()
})

const pass = (seconds: number): void => {
  vi.setSystemTime(Date.now() + seconds * 1000)
}

/** What the login app is told of a request. */
async function told(
  request: Changes,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  const client = await registerClient(deployment, metadata)
  const at = await new Browser(deployment).next(authorizationPath(client, request))
  return bodyOf(await new LoginApp(deployment).get('login', parameter(at, 'login_challenge')))
}

const claims = (acr: unknown): Changes => ({ claims: JSON.stringify({ id_token: { acr } }) })

describe('the login app is told', () => {
  it.each<[string, string, unknown]>([
    ['display', 'popup', 'popup'],
    ['ui_locales', 'de-CH de en', ['de-CH', 'de', 'en']],
    ['claims_locales', 'de fr', ['de', 'fr']],
    ['login_hint', 'alice@app.example', 'alice@app.example'],
    ['acr_values', 'gold silver', ['gold', 'silver']],
  ])('%s=%s', async (name, value, expected) => {
    const request = await told({ [name]: value })
    expect(request['oidc_context']).toEqual({ [name]: expected })
    expect(parameter(new URL(String(request['request_url'])), name)).toBe(value)
  })

  it.each<[string, Changes, unknown]>([
    ['acr_values of the request', { acr_values: 'gold', ...claims({ value: 'silver' }) }, ['gold']],
    [
      'values of a claims request',
      claims({ essential: true, values: ['gold', 'silver'] }),
      ['gold', 'silver'],
    ],
    ['the value of a claims request', claims({ essential: true, value: 'silver' }), ['silver']],
    ['no values that are no text', claims({ values: [1, 'gold', {}] }), ['gold']],
    ['the default of the client', claims(null), ['bronze']],
    ['the default of the client, where any is essential', claims({ essential: true }), ['bronze']],
    ['the default of the client alone', {}, ['bronze']],
  ])('which acr to reach: %s', async (_, request, expected) => {
    const { oidc_context } = await told(request, { default_acr_values: ['bronze'] })
    expect(oidc_context).toMatchObject({ acr_values: expected })
  })
})

describe('max_age', () => {
  const old = { max_age: '0' }

  it.each<[string, Changes, Readonly<Record<string, unknown>>, boolean, number?]>([
    ['0 asks again at once', old, {}, false, 0],
    ['0 by default asks again at once', {}, { default_max_age: 0 }, false, 0],
    ['0 asks again later', old, {}, false],
    ['a default that is over', {}, { default_max_age: 50 }, false],
    ['a default that is not over', {}, { default_max_age: 100 }, true],
    ['of the request wins over a shorter default', { max_age: '100' }, { default_max_age: 0 }, true],
    ['of the request wins over a longer default', old, { default_max_age: 100 }, false],
    ['that is left out', {}, {}, true],
  ])('%s', async (_, request, metadata, known, seconds = 60) => {
    const client = await registerClient(deployment, metadata)
    const browser = new Browser(deployment)
    await authorizeAt(deployment, client, { browser, login: { remember: true } })
    pass(seconds)
    const at = await browser.next(authorizationPath(client, request))
    const login = await new LoginApp(deployment).get('login', parameter(at, 'login_challenge'))
    expect(await bodyOf(login)).toMatchObject({ skip: known })
    const silent = await browser.next(authorizationPath(client, { ...request, prompt: 'none' }))
    expect(silent.searchParams.get('error')).toBe(known ? null : 'login_required')
  })

  it.each<[string, Readonly<Record<string, unknown>>, Changes]>([
    ['max_age=0', {}, old],
    ['max_age', {}, { max_age: '1000' }],
    ['default_max_age', { default_max_age: 1000 }, {}],
    ['require_auth_time', { require_auth_time: true }, {}],
  ])('%s: the ID token says when the user logged in', async (_, metadata, request) => {
    const client = await registerClient(deployment, metadata)
    const before = Math.floor(Date.now() / 1000)
    const { id_token } = await logIn(deployment, client, { request })
    expect(decodeJwt(id_token)['auth_time']).toBe(before)
  })

  it.each(['-1', '1.5', 'x', '99999999999'])('%s is refused at the first hop', async (max_age) => {
    const client = await registerClient(deployment)
    const at = await new Browser(deployment).next(authorizationPath(client, { max_age }))
    expect(parameter(at, 'error')).toBe('invalid_request')
    expect(parameter(at, 'state')).toBe('state-0123456789')
  })
})

describe('the parameter registration', () => {
  it.each<[string, (value: string) => Promise<Changes>]>([
    ['plain', async (registration) => ({ registration })],
    [
      'inside a request object',
      async (registration) => {
        return { request: new UnsecuredJWT({ registration: JSON.parse(registration) }).encode() }
      },
    ],
  ])('is refused at the client: %s', async (_, make) => {
    const client = await registerClient(deployment)
    const changes = await make('{"client_name":"x"}')
    const at = await new Browser(deployment).next(authorizationPath(client, changes))
    expect(`${at.origin}${at.pathname}`).toBe('https://app.example/cb')
    expect(parameter(at, 'error')).toBe('registration_not_supported')
    expect(parameter(at, 'state')).toBe('state-0123456789')
    expect(parameter(at, 'iss')).toBe('http://localhost:4444')
  })
})
