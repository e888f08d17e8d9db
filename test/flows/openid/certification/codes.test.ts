import { expect, it } from 'vitest'
import {
  checkedAnswer,
  checkedIdToken,
  checkedTokens,
  checkedUserinfo,
  checkInvalidGrant,
  userinfo,
} from '../../../support/certification/checks.ts'
import { type LoggedIn, logIn } from '../../../support/certification/log-in.ts'
import {
  type Changes,
  type Client,
  cleanUp,
  metadata,
  OP,
  pass,
  random,
  redeem,
  register,
  requestOf,
  requestTokens,
  send,
} from '../../../support/certification/suite.ts'
import { variantsOf } from './plans.ts'

cleanUp()

/** Logs in with a client that may stay logged in. */
async function logInToStay(client: Client, changes: Changes = {}): Promise<LoggedIn> {
  const request = { scope: 'openid offline_access', prompt: 'consent', ...changes }
  const login = await logIn(client, { request })
  expect(login.tokens['refresh_token']).toMatch(/^[\x20-\x7e]{22,}$/)
  return login
}

const refresh = (client: Client, { tokens }: LoggedIn, more: Readonly<Record<string, string>> = {}) =>
  requestTokens(client, {
    grant_type: 'refresh_token',
    refresh_token: String(tokens['refresh_token']),
    ...more,
  })

/** Refreshes, a second later, and expects tokens about the same login (OIDC Core section 12.2). */
async function expectRefresh(
  client: Client,
  login: LoggedIn,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  pass(1)
  const tokens = await checkedTokens(await refresh(client, login, more))
  expect(tokens['access_token']).not.toBe(login.accessToken)
  const { iss, sub, aud, auth_time, azp, iat, nonce } = login.claims
  const claims = await checkedIdToken(client, tokens['id_token'], { nonce: nonce as string })
  expect(claims).toMatchObject({ iss, sub, aud, auth_time })
  expect(claims['azp']).toBe(azp)
  expect(claims.iat).toBeGreaterThan(iat ?? Number.NaN)
  await checkedUserinfo(await userinfo(tokens['access_token']), sub)
}

it.each(variantsOf('oidcc-codereuse'))(
  'oidcc-codereuse: a code works once ($plan, $responseType)',
  async (variant) => {
    const client = await register(variant)
    const { answer, tokens } = await logIn(client)
    expect(tokens).toHaveProperty('access_token')
    await checkInvalidGrant(await redeem(client, String(answer['code'])))
  },
)

it.each(variantsOf('oidcc-codereuse-30seconds'))(
  'oidcc-codereuse-30seconds: a second use, later, revokes what the first gave ($plan, $responseType)',
  async (variant) => {
    const client = await register(variant)
    const { answer, accessToken } = await logIn(client)
    pass(30)
    await checkInvalidGrant(await redeem(client, String(answer['code'])))
    expect((await userinfo(accessToken)).status).toBe(401)
  },
)

it.each(variantsOf('oidcc-server-client-secret-post'))(
  'oidcc-server-client-secret-post: a client that sends its secret in the form ($plan, $responseType)',
  async (variant) => {
    const method = 'client_secret_post'
    expect((await metadata())['token_endpoint_auth_methods_supported']).toContain(method)
    const { tokens } = await logIn(await register(variant, { token_endpoint_auth_method: method }))
    expect(tokens).toHaveProperty('access_token')
  },
)

it.each(variantsOf('oidcc-refresh-token'))(
  'oidcc-refresh-token: works, with and without scope, and for its own client only ($plan, $responseType)',
  async (variant) => {
    expect((await metadata())['grant_types_supported']).toContain('refresh_token')
    const { grant_types: grants } = (await register(variant)).registration
    const changes = { grant_types: [...[grants].flat(), 'refresh_token'] }
    const [one, two] = [await register(variant, changes), await register(variant, changes)]
    await expectRefresh(one, await logInToStay(one), { scope: 'openid offline_access' })
    const login = await logInToStay(two, { nonce: `${random(32)}${random(7)}-._~` })
    await checkInvalidGrant(await refresh(one, login))
    await expectRefresh(two, login)
  },
)

it.each(variantsOf('oidcc-ensure-client-assertion-with-iss-aud-succeeds'))(
  'oidcc-ensure-client-assertion-with-iss-aud-succeeds: the issuer is an audience too ($plan, $responseType)',
  async (variant) => {
    const client = await register(variant)
    const request = requestOf(client)
    const { code } = checkedAnswer(await send(request), client)
    const fields = { grant_type: 'authorization_code', code: String(code) }
    const redirectUri = { redirect_uri: String(request['redirect_uri']) }
    const tokens = await checkedTokens(await requestTokens(client, { ...fields, ...redirectUri }, OP))
    await checkedIdToken(client, tokens['id_token'], { nonce: request['nonce'] })
  },
)
