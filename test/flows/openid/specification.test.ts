import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { Browser, bodyOf, Deployment, testEnv } from '../../support/deployment.ts'
import {
  authorizationPath,
  authorizeAt,
  parameter,
  redeem,
  registerClient,
} from '../../support/relying-party.ts'

const deployment = new Deployment(testEnv({ OIDC_CLAIMS_BY_SCOPE: 'true' }))

/** Claims of ID token and userinfo, where the app says this of a user. */
async function shown(
  id_token: object,
  request: Readonly<Record<string, string>>,
): Promise<readonly Record<string, unknown>[]> {
  const client = await registerClient(deployment)
  const at = await authorizeAt(deployment, client, { request, consent: { session: { id_token } } })
  const tokens = await bodyOf(await redeem(deployment, client, parameter(at, 'code')))
  const headers = { authorization: `Bearer ${tokens['access_token']}` }
  const userinfo = await bodyOf(await deployment.fetch('/userinfo', { headers }))
  return [decodeJwt(String(tokens['id_token'])), userinfo]
}

describe('claims in several languages', () => {
  const NAMES = { 'name#de': 'Alice Schmidt', 'name#ja-Kana-JP': 'アリス' }

  it('come by the scope of the claim', async () => {
    const [idToken, userinfo] = await shown(NAMES, { scope: 'openid profile' })
    expect(userinfo).toMatchObject(NAMES)
    expect(Object.keys(idToken ?? {}).filter((name) => name in NAMES)).toEqual([])
    const [, without] = await shown(NAMES, { scope: 'openid' })
    expect(Object.keys(without ?? {}).filter((name) => name in NAMES)).toEqual([])
  })

  it('come by name and language', async () => {
    const claims = JSON.stringify({ id_token: { 'name#de': null } })
    const [idToken, userinfo] = await shown(NAMES, { scope: 'openid', claims })
    expect(idToken).toMatchObject({ 'name#de': 'Alice Schmidt' })
    expect(idToken).not.toHaveProperty('name#ja-Kana-JP')
    expect(userinfo).not.toHaveProperty('name#de')
  })
})

describe('claims of others', () => {
  it('are passed on with their sources, aggregated and distributed', async () => {
    const claims = {
      _claim_names: { payment_info: 'bank', credit_score: 'bureau' },
      _claim_sources: {
        bank: { JWT: 'e30.e30.c2ln' },
        bureau: { endpoint: 'https://bureau.example/claims', access_token: 'ksj3n283dke' },
      },
    }
    const [, userinfo] = await shown(claims, { scope: 'openid' })
    expect(userinfo).toMatchObject(claims)
  })
})

describe('what this server does not do', () => {
  it('WebFinger is an unknown path', async () => {
    const query = new URLSearchParams({
      resource: 'acct:alice@example.com',
      rel: 'http://openid.net/specs/connect/1.0/issuer',
    })
    expect((await deployment.fetch(`/.well-known/webfinger?${query}`)).status).toBe(404)
  })

  it('response type none is refused at the client', async () => {
    const at = await new Browser(deployment).next(
      authorizationPath(await registerClient(deployment), { response_type: 'none' }),
    )
    expect(`${at.origin}${at.pathname}`).toBe('https://app.example/cb')
    expect(parameter(at, 'error')).toBe('unsupported_response_type')
  })
})
