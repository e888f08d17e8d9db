import { afterEach, describe, expect, it, vi } from 'vitest'
import { OAuthError } from '../../src/errors/oauth-error.ts'
import { runtimeOf } from '../../src/runtime.ts'
import { makeKey, signAssertion } from '../support/assertions.ts'
import { varyLedger } from '../support/bindings.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { approve, DEVICE_GRANT, poll, startDevice } from '../support/device.ts'
import {
  authorizeAt,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'
import { trust } from '../support/trust.ts'

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** Ladon that finds no key any more once a ledger has committed, and how it is repaired. */
function failingAfter(...methods: readonly string[]): Deployment {
  const fail = async (input: unknown, real: (input: unknown) => Promise<unknown>): Promise<unknown> => {
    const answer = await real(input)
    vi.spyOn(runtimeOf(deployment.env).keys, 'signer').mockRejectedValue(
      new OAuthError('temporarily_unavailable', 'storage_unreachable'),
    )
    return answer
  }
  const deployment = new Deployment(
    varyLedger(testEnv(), Object.fromEntries(methods.map((method) => [method, fail]))),
  )
  return deployment
}

afterEach(() => {
  vi.restoreAllMocks()
})

const everyToken = {
  access_token: expect.stringContaining('.'),
  id_token: expect.stringContaining('.'),
  refresh_token: expect.stringContaining('ory_rt_'),
}

describe.each(['opaque', 'jwt'])(
  'with %s access tokens, no key is looked up after a ledger committed',
  (strategy) => {
    const plain = new Deployment()
    const register = (): Promise<TestClient> =>
      registerClient(plain, {
        access_token_strategy: strategy,
        grant_types: ['authorization_code', 'refresh_token', 'implicit', DEVICE_GRANT, JWT_BEARER],
        response_types: ['code', 'id_token token'],
      })

    it('so a code is not lost', async () => {
      const client = await register()
      const code = parameter(await authorizeAt(plain, client), 'code')
      const answer = await redeem(failingAfter('redeem'), client, code)
      expect(await bodyOf(answer)).toMatchObject(everyToken)
    })

    it('nor a refresh token', async () => {
      const client = await register()
      const { refresh_token } = await logIn(plain, client)
      const answer = await refresh(failingAfter('refresh'), client, refresh_token)
      expect(await bodyOf(answer)).toMatchObject(everyToken)
    })

    it('nor a device code', async () => {
      const client = await register()
      const device = await startDevice(plain, client)
      await approve(plain, device)
      const answer = await poll(failingAfter('redeem'), client, device)
      expect(await bodyOf(answer)).toMatchObject(everyToken)
    })

    it('nor an assertion', async () => {
      const client = await register()
      const key = await makeKey()
      const issuer = `https://${crypto.randomUUID()}.example`
      await trust(plain, key, issuer)
      const assertion = await signAssertion(key, { iss: issuer, sub: 'alice' })
      const fields = { grant_type: JWT_BEARER, assertion }
      const answer = await tokenRequest(failingAfter('consumeId'), client, fields)
      expect(await bodyOf(answer)).toMatchObject({ access_token: everyToken.access_token })
    })

    it('nor a consent that is answered with tokens', async () => {
      const client = await register()
      const request = {
        response_type: 'id_token token',
        code_challenge: undefined,
        code_challenge_method: undefined,
      }
      const { hash } = await authorizeAt(failingAfter('grant'), client, { request })
      const { access_token, id_token } = everyToken
      expect(Object.fromEntries(new URLSearchParams(hash.slice(1)))).toMatchObject({ access_token, id_token })
    })
  },
)
