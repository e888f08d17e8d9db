import { beforeAll, describe, expect, it } from 'vitest'
import { Browser, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import {
  authorizationPath,
  LoginApp,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
let client: TestClient
let publicClient: TestClient

beforeAll(async () => {
  client = await registerClient(deployment)
  publicClient = await registerClient(deployment, {
    token_endpoint_auth_method: 'none',
    redirect_uris: [REDIRECT_URI, 'http://127.0.0.1/cb'],
  })
})

type Changes = Readonly<Record<string, string | undefined>>

/** Where each error goes (contract 3.15): the error page before the redirect URI is known, the client after. */
const atErrorPage: readonly [string, Changes, string][] = [
  ['unknown client', { client_id: 'nobody' }, 'invalid_client'],
  ['no client', { client_id: undefined }, 'invalid_client'],
  ['unknown response_mode', { response_mode: 'carrier-pigeon' }, 'unsupported_response_mode'],
  ['unregistered redirect_uri', { redirect_uri: 'https://evil.example/cb' }, 'invalid_request'],
  ['redirect_uri with a longer path', { redirect_uri: `${REDIRECT_URI}/more` }, 'invalid_request'],
  ['redirect_uri with a fragment', { redirect_uri: `${REDIRECT_URI}#f` }, 'invalid_request'],
  ['openid without redirect_uri', { redirect_uri: undefined }, 'invalid_request'],
]

const atClient: readonly [string, Changes, string][] = [
  ['scope not registered', { scope: 'openid admin' }, 'invalid_scope'],
  ['audience not registered', { audience: 'https://other.example' }, 'invalid_request'],
  ['registration parameter', { registration: '{}' }, 'registration_not_supported'],
  ['no response_type', { response_type: undefined }, 'unsupported_response_type'],
  ['unknown response_type', { response_type: 'device' }, 'unsupported_response_type'],
  [
    'short state, nothing else to protect',
    { state: 'short', nonce: undefined, code_challenge: undefined, code_challenge_method: undefined },
    'invalid_state',
  ],
  ['short nonce', { nonce: 'short' }, 'insufficient_entropy'],
  ['unknown prompt', { prompt: 'maybe' }, 'invalid_request'],
  ['prompt none with another', { prompt: 'none login' }, 'invalid_request'],
  ['max_age in words', { max_age: 'soon' }, 'invalid_request'],
  ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['PKCE without method', { code_challenge_method: undefined }, 'invalid_request'],
  ['a challenge that is no SHA-256', { code_challenge: 'abc' }, 'invalid_request'],
]

describe('authorization errors', () => {
  it.each(atErrorPage)('%s: the error page', async (_name, changes, error) => {
    const response = await new Browser(deployment).visit(authorizationPath(client, changes))
    const at = new URL(response.headers.get('location') ?? '')
    expect([response.status, at.origin + at.pathname]).toEqual([302, `${ISSUER}/oauth2/fallbacks/error`])
    expect(at.searchParams.get('error')).toBe(error)
    expect(at.searchParams.get('error_description')).not.toBe('')
  })

  it.each(atClient)('%s: the client, with state and iss', async (_name, changes, error) => {
    const response = await new Browser(deployment).visit(authorizationPath(client, changes))
    const at = new URL(response.headers.get('location') ?? '')
    expect([response.status, at.origin + at.pathname]).toEqual([303, REDIRECT_URI])
    const state = 'state' in changes ? changes['state'] : 'state-0123456789'
    expect(Object.fromEntries(at.searchParams)).toMatchObject({ error, state, iss: ISSUER })
  })

  it('a repeated parameter: the error page', async () => {
    const at = await new Browser(deployment).next(`${authorizationPath(client)}&state=another-state`)
    expect([at.pathname, parameter(at, 'error')]).toEqual(['/oauth2/fallbacks/error', 'invalid_request'])
  })

  it('a public client without PKCE: the client, before anybody logs in', async () => {
    const changes = { code_challenge: undefined, code_challenge_method: undefined }
    const at = await new Browser(deployment).next(authorizationPath(publicClient, changes))
    expect(parameter(at, 'error')).toBe('invalid_request')
  })

  it('any port on a loopback literal, and the fragment when asked for', async () => {
    const changes = { redirect_uri: 'http://127.0.0.1:49152/cb', response_mode: 'fragment', prompt: 'none' }
    const at = await new Browser(deployment).next(authorizationPath(publicClient, changes))
    expect(at.origin).toBe('http://127.0.0.1:49152')
    expect(new URLSearchParams(at.hash.slice(1)).get('error')).toBe('login_required')
  })

  it('plain http off this machine is refused by an https issuer', async () => {
    const secure = new Deployment(testEnv({ URLS_SELF_ISSUER: 'https://op.example' }))
    const insecure = await registerClient(secure, { redirect_uris: ['http://app.example/cb'] })
    const at = await new Browser(secure).next(
      authorizationPath(insecure, { redirect_uri: 'http://app.example/cb' }),
    )
    expect(parameter(at, 'error')).toBe('invalid_request')
  })

  it('a short state is fine beside PKCE, unless OAUTH2_STATE_MIN_LENGTH says otherwise', async () => {
    const free = await new Browser(deployment).next(authorizationPath(client, { state: undefined }))
    expect(parameter(free, 'login_challenge')).not.toBe('')
    const strict = new Deployment(testEnv({ OAUTH2_STATE_MIN_LENGTH: '8' }))
    const at = await new Browser(strict).next(authorizationPath(client, { state: 'short' }))
    expect(parameter(at, 'error')).toBe('invalid_state')
  })

  it.each(['login', 'consent'] as const)(
    "a rejected %s reaches the client in the app's words",
    async (flow) => {
      const browser = new Browser(deployment)
      const app = new LoginApp(deployment)
      let at = await browser.next(authorizationPath(client))
      if (flow === 'consent') {
        const challenge = parameter(at, 'login_challenge')
        at = await browser.next(await app.decide('login', 'accept', challenge, { subject: 'judy' }))
      }
      const body = {
        error: 'access_denied',
        error_description: 'No thanks',
        error_hint: 'really',
        status_code: 403,
      }
      const callback = await browser.next(
        await app.decide(flow, 'reject', parameter(at, `${flow}_challenge`), body),
      )
      expect(Object.fromEntries(callback.searchParams)).toMatchObject({
        error: 'access_denied',
        error_description: 'No thanks really',
        state: 'state-0123456789',
      })
    },
  )

  it('a verifier of another client', async () => {
    const browser = new Browser(deployment)
    const at = await browser.next(authorizationPath(client))
    const challenge = parameter(at, 'login_challenge')
    const next = new URL(
      await new LoginApp(deployment).decide('login', 'accept', challenge, { subject: 'judy' }),
    )
    next.searchParams.set('client_id', publicClient.id)
    const answer = await browser.next(next.href)
    expect([answer.pathname, parameter(answer, 'error')]).toEqual([
      '/oauth2/fallbacks/error',
      'invalid_client',
    ])
  })
})
