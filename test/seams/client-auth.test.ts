import { describe, expect, it } from 'vitest'
import { withClient } from '../../src/client-auth/authenticate.ts'
import { strengthOf, usesSecret } from '../../src/client-auth/methods.ts'
import { METHODS } from '../../src/client-auth/registry.ts'
import { Parameters } from '../../src/http/form.ts'
import { dropAnswers } from '../support/bindings.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { plant } from '../support/plant.ts'
import { registerClient, type TestClient } from '../support/relying-party.ts'
import { requestContext } from '../support/request-context.ts'
import { CARELESS, carelessMethod, ticket } from './careless-method.ts'

plant(METHODS, carelessMethod)

const deployment = new Deployment()
const log = new LogLines()

const register = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, {
    grant_types: ['client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'],
    token_endpoint_auth_method: CARELESS,
    ...metadata,
  })

const ENDPOINTS = ['/oauth2/token', '/oauth2/revoke', '/oauth2/device/auth', '/oauth2/introspect']

const ask = (
  path: string,
  { id }: Pick<TestClient, 'id'>,
  presented: string,
  more: Readonly<Record<string, string>> = {},
  at = deployment,
): Promise<Response> =>
  at.form(path, {
    grant_type: 'client_credentials',
    token: 'x',
    client_id: id,
    subject: id,
    ticket: presented,
    ...more,
  })

const fresh = (): string => ticket(crypto.randomUUID())

describe.each(ENDPOINTS)('a method that checks nothing itself, at %s', (path) => {
  it('authenticates a client that is registered for it', async () => {
    expect((await ask(path, await register(), fresh())).status).toBe(200)
  })

  const refused: readonly (readonly [string, string, string, () => Promise<Response>])[] = [
    [
      'a client of another method',
      'invalid_client',
      'method_mismatch',
      async () => ask(path, await register({ token_endpoint_auth_method: 'client_secret_basic' }), fresh()),
    ],
    [
      'a public client',
      'invalid_client',
      'method_mismatch',
      async () => ask(path, await register({ token_endpoint_auth_method: 'none' }), fresh()),
    ],
    ['an unknown client', 'invalid_client', 'client_unknown', () => ask(path, { id: 'nobody' }, fresh())],
    [
      'a proof without id',
      'invalid_client',
      'assertion_malformed',
      async () => ask(path, await register(), ticket('')),
    ],
    [
      'a proof that lives too long',
      'invalid_client',
      'assertion_malformed',
      async () => ask(path, await register(), ticket('x', 86_500)),
    ],
    [
      'a proof that has expired',
      'invalid_client',
      'assertion_malformed',
      async () => ask(path, await register(), ticket('x', 0)),
    ],
    [
      'a proof of another client than client_id',
      'invalid_client',
      'client_id_differs',
      async () => ask(path, await register(), fresh(), { client_id: 'other' }),
    ],
    [
      'credentials of two methods',
      'invalid_request',
      'credentials_ambiguous',
      async () => ask(path, await register(), fresh(), { client_secret: 'x' }),
    ],
    [
      'a proof that was used before',
      'jti_known',
      'assertion_reused',
      async () => {
        const client = await register()
        const presented = fresh()
        await ask(path, client, presented)
        return ask(path, client, presented)
      },
    ],
  ]

  it.each(refused)('is refused for %s: %s', async (_name, error, reason, request) => {
    expect(await bodyOf(await request())).toMatchObject({ error })
    expect(log.last('request')).toMatchObject({ error, reason })
  })

  it('finds its proof unused when the first answer was lost', async () => {
    const losing = new Deployment(dropAnswers(testEnv(), { method: 'consumeId', times: 1, retryable: false }))
    const client = await register()
    const presented = fresh()
    expect((await ask(path, client, presented, {}, losing)).status).toBe(503)
    expect((await ask(path, client, presented, {}, losing)).status).toBe(200)
  })
})

describe('the registry of methods', () => {
  it('is what discovery lists, each endpoint having its own', async () => {
    const document = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
    const all = METHODS.map(({ method }) => method)
    expect(all).toContain(CARELESS)
    expect(all[0]).toBe('client_secret_basic')
    expect(document).toMatchObject({
      token_endpoint_auth_methods_supported: all,
      revocation_endpoint_auth_methods_supported: all,
      introspection_endpoint_auth_methods_supported: all.filter((method) => method !== 'none'),
    })
  })

  it.each([['a mere id where an endpoint needs more', { client_id: 'x' }, 'client_public']])(
    'refuses %s',
    async (_name, fields, reason) => {
      const form = new Parameters(Object.entries(fields))
      const request = { authorization: undefined, form }
      const outcome = withClient(requestContext(testEnv()), 'introspection', request, () =>
        Promise.resolve('run'),
      )
      await expect(outcome).rejects.toMatchObject({ code: 'invalid_client', reason })
    },
  )

  it('says how strong each is, and which have a secret', () => {
    const known = METHODS.map(({ method }) => [method, strengthOf(method), usesSecret(method)])
    expect(known).toEqual([
      ['client_secret_basic', 1, true],
      ['client_secret_post', 1, true],
      ['private_key_jwt', 2, false],
      ['none', 0, false],
      [CARELESS, 2, false],
    ])
    expect(strengthOf('client_secret_jwt')).toBe(-1)
  })
})
