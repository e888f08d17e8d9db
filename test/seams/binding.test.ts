import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { bindingOf } from '../../src/tokens/binding/possession.ts'
import { BINDINGS } from '../../src/tokens/binding/registry.ts'
import { bodyOf, Deployment } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import { plant } from '../support/plant.ts'
import {
  authorizeAt,
  logIn,
  parameter,
  REDIRECT_URI,
  registerClient,
  type TestClient,
  type Tokens,
  VERIFIER,
} from '../support/relying-party.ts'
import { planted, proof } from './planted-binding.ts'

plant(BINDINGS, planted)

const deployment = new Deployment()
const log = new LogLines()

const SCOPE = 'openid offline_access userinfo_credential_draft_00'

const register = (metadata: Readonly<Record<string, unknown>> = {}): Promise<TestClient> =>
  registerClient(deployment, { scope: SCOPE, token_endpoint_auth_method: 'client_secret_post', ...metadata })

const registerPublic = (): Promise<TestClient> =>
  register({ token_endpoint_auth_method: 'none', scope: SCOPE })

const token = async (
  { id, secret }: TestClient,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  deployment.form('/oauth2/token', { client_id: id, client_secret: secret, ...fields }, headers)

/** Tokens that are bound to a key. */
async function boundTokens(client: TestClient, key: string): Promise<Tokens> {
  const code = parameter(await authorizeAt(deployment, client, { request: { scope: SCOPE } }), 'code')
  const fields = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: VERIFIER,
  }
  return (await token(client, fields, proof(key))).json()
}

const refresh = (
  client: TestClient,
  { refresh_token }: Tokens,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> => token(client, { grant_type: 'refresh_token', refresh_token }, headers)

describe.each(['opaque', 'jwt'])('a token that is bound to a key, %s', (access_token_strategy) => {
  it('says so in response, introspection and claims', async () => {
    const tokens = await boundTokens(await register({ access_token_strategy }), 'mine')
    expect(tokens.token_type).toBe('Key')
    expect(await deployment.introspect(tokens.access_token)).toMatchObject({
      active: true,
      token_type: 'Key',
      cnf: { jkt: 'mine' },
    })
    if (access_token_strategy === 'jwt')
      expect(decodeJwt(tokens.access_token)).toMatchObject({ cnf: { jkt: 'mine' } })
  })

  it('so does one without a grant', async () => {
    const client = await register({ access_token_strategy })
    const fields = { grant_type: 'client_credentials' }
    const tokens = await (await token(client, fields, proof('mine'))).json<Tokens>()
    expect(tokens.token_type).toBe('Key')
    expect(await deployment.introspect(tokens.access_token)).toMatchObject({
      token_type: 'Key',
      cnf: { jkt: 'mine' },
    })
  })

  const places = [
    ['GET', '/userinfo', 200],
    ['POST', '/credentials', 400],
  ] as const

  it.each(places)('is taken with its proof and refused without, at %s %s', async (method, path, taken) => {
    const { access_token } = await boundTokens(await register({ access_token_strategy }), 'mine')
    const unbound = await logIn(
      deployment,
      await register({ access_token_strategy, token_endpoint_auth_method: 'client_secret_basic' }),
    )
    const body = method === 'POST' ? { body: '{"format":"jwt_vc_json"}' } : {}
    const ask = async (
      scheme: string,
      presented: string,
      proven: Readonly<Record<string, string>>,
    ): Promise<Response> =>
      deployment.fetch(path, {
        method,
        headers: { authorization: `${scheme} ${presented}`, ...proven },
        ...body,
      })
    expect((await ask('Key', access_token, proof('mine', access_token))).status).toBe(taken)
    expect((await ask('Bearer', unbound.access_token, {})).status).toBe(taken)
    for (const [scheme, presented, proven] of [
      ['Bearer', access_token, {}],
      ['Bearer', access_token, proof('mine', access_token)],
      ['Key', access_token, {}],
      ['Key', access_token, proof('mine')],
      ['Key', access_token, proof('mine', 'another token')],
      ['Key', access_token, proof('other', access_token)],
      ['Key', unbound.access_token, proof('mine', unbound.access_token)],
    ] as const) {
      const answer = await ask(scheme, presented, proven)
      expect([scheme, answer.status]).toEqual([scheme, 401])
      expect(log.last('request')).toMatchObject({ error: 'request_unauthorized', reason: 'proof_missing' })
      if (path === '/userinfo') expect(answer.headers.get('www-authenticate')).toMatch(`${scheme} error=`)
    }
  })
})

describe('a refresh token that is bound to a key', () => {
  it.each([
    ['without proof', {}],
    ['with the proof of another key', proof('other')],
  ])('is refused %s, and lives on', async (_name, headers) => {
    const client = await registerPublic()
    const tokens = await boundTokens(client, 'mine')
    expect(await bodyOf(await refresh(client, tokens, headers))).toMatchObject({ error: 'invalid_grant' })
    expect(log.last('request')).toMatchObject({ reason: 'proof_missing' })
    const answer = await bodyOf(await refresh(client, tokens, proof('mine')))
    expect(answer).toMatchObject({ token_type: 'Key', refresh_token: expect.any(String) })
  })

  it('is none where the client authenticates: its next tokens are bound to the key of then', async () => {
    const client = await register()
    const tokens = await boundTokens(client, 'mine')
    expect(await bodyOf(await refresh(client, tokens, proof('other')))).toMatchObject({ token_type: 'Key' })
  })
})

describe('without a proof', () => {
  it('every token is a bearer token, with no word of a key', async () => {
    const client = await register({ token_endpoint_auth_method: 'client_secret_basic' })
    const tokens = await logIn(deployment, client)
    expect(tokens.token_type).toBe('bearer')
    const answer = await deployment.introspect(tokens.access_token)
    expect(answer['token_type']).toBe('Bearer')
    expect(answer).not.toHaveProperty('cnf')
  })

  it('a token of the authorization endpoint is one too', async () => {
    const client = await register({ grant_types: ['implicit'], response_types: ['token'] })
    const { hash } = await authorizeAt(deployment, client, {
      request: { response_type: 'token', code_challenge: undefined, code_challenge_method: undefined },
    })
    expect(new URLSearchParams(hash.slice(1)).get('token_type')).toBe('bearer')
  })
})

it('a binding that this release does not know is an error, never a bearer token', () => {
  expect(() => bindingOf(['unknown', 'mine'])).toThrow('server_error')
  expect(bindingOf(null).tokenType).toBe('bearer')
})
