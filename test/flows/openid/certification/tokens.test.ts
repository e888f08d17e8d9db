import { jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import {
  algorithmOf,
  checkClaims,
  checkedUserinfo,
  keySet,
  userinfo,
} from '../../../support/certification/checks.ts'
import { type LoggedIn, logIn } from '../../../support/certification/log-in.ts'
import {
  type Changes,
  cleanUp,
  endpoint,
  metadata,
  OP,
  op,
  register,
  registrationOf,
  requestRegistration,
  send,
} from '../../../support/certification/suite.ts'
import { bodyOf } from '../../../support/deployment.ts'
import { type Variant, variantsOf } from './plans.ts'

cleanUp()

const CLAIMS_OF: Readonly<Record<string, readonly string[]>> = {
  profile:
    'name given_name family_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at'.split(
      ' ',
    ),
  email: ['email', 'email_verified'],
  address: ['address'],
  phone: ['phone_number', 'phone_number_verified'],
}

/** Logs in for scopes, and expects their claims where the specification has them. */
async function expectClaims(
  variant: Variant,
  scopes: readonly string[],
  by?: (request: Changes) => Changes,
): Promise<void> {
  const expected = scopes.flatMap((scope) => CLAIMS_OF[scope] ?? [])
  expect((await metadata())['scopes_supported']).toEqual(expect.arrayContaining([...scopes]))
  const { accessToken, claims, landing } = await logIn(await register(variant), {
    request: { scope: ['openid', ...scopes].join(' ') },
    asked: variant.responseType === 'id_token' ? expected : [],
    send: (request, browser) => send(by?.(request) ?? request, browser),
  })
  expect(landing.pages).toEqual(['/ui/login', '/ui/consent'])
  const shown =
    accessToken === undefined ? claims : await checkedUserinfo(await userinfo(accessToken), claims.sub)
  expect(Object.keys(shown)).toEqual(expect.arrayContaining(['sub', ...expected]))
  const others = Object.values(CLAIMS_OF)
    .flat()
    .filter((name) => !expected.includes(name))
  expect(Object.keys(shown).filter((name) => others.includes(name))).toEqual([])
}

/** Logs in, and expects userinfo as JSON when the token is sent in this way. */
async function expectUserinfo(
  variant: Variant,
  ask: (accessToken: string) => Promise<Response>,
): Promise<void> {
  const { accessToken = '', claims } = await logIn(await register(variant))
  expect(await checkedUserinfo(await ask(accessToken), claims.sub)).not.toHaveProperty('nonce')
}

/** The algorithms of both ID tokens of a login, as far as there are two. */
const algorithmsOf = ({ answer, tokens }: LoggedIn): unknown[] =>
  [answer['id_token'], tokens['id_token']].filter((jwt) => jwt !== undefined).map(algorithmOf)

it.each(variantsOf('oidcc-server'))(
  'oidcc-server: a login gives what was asked for, bound together, and no claims nobody asked for ($plan, $responseType)',
  async (variant) => {
    const { answer, claims, tokens } = await logIn(await register(variant))
    expect(claims).not.toHaveProperty('name')
    if (!variant.responseType.includes('code')) return
    // 128 bits of text, of which no two are alike (RFC 6749 section 10.10).
    expect(answer['code']).toMatch(/^[\x20-\x7e]{22,}$/)
    expect(tokens['expires_in']).toEqual(expect.any(Number))
  },
)

it.each(variantsOf('oidcc-idtoken-signature'))(
  'oidcc-idtoken-signature: RS256 with a kid where the client names no algorithm ($plan, $responseType)',
  async (variant) => {
    const client = await register(variant)
    expect(client.registration).not.toHaveProperty('id_token_signed_response_alg')
    const algorithms = algorithmsOf(await logIn(client))
    expect(new Set(algorithms)).toEqual(new Set(['RS256']))
  },
)

it.each(variantsOf('oidcc-idtoken-rs256'))(
  'oidcc-idtoken-rs256: RS256 with a kid where the client asks for it ($plan, $responseType)',
  async (variant) => {
    const client = await register(variant, { id_token_signed_response_alg: 'RS256' })
    expect(algorithmsOf(await logIn(client))).toEqual(['RS256'])
  },
)

it.each(variantsOf('oidcc-idtoken-unsigned'))(
  'oidcc-idtoken-unsigned: is neither offered nor registered, which the plan allows ($plan, $responseType)',
  async (variant) => {
    expect((await metadata())['id_token_signing_alg_values_supported']).not.toContain('none')
    const body = { ...(await registrationOf(variant)), id_token_signed_response_alg: 'none' }
    const response = await requestRegistration(body)
    expect([response.status, (await bodyOf(response))['error']]).toEqual([400, 'invalid_client_metadata'])
  },
)

it.each(variantsOf('oidcc-userinfo-get'))(
  'oidcc-userinfo-get: GET with the token in a header ($plan, $responseType)',
  (variant) => expectUserinfo(variant, (token) => userinfo(token)),
)

it.each(variantsOf('oidcc-userinfo-post-header'))(
  'oidcc-userinfo-post-header: POST with the token in a header ($plan, $responseType)',
  (variant) => expectUserinfo(variant, (token) => userinfo(token, 'POST')),
)

it.each(variantsOf('oidcc-userinfo-post-body'))(
  'oidcc-userinfo-post-body: POST with the token in the form ($plan, $responseType)',
  (variant) =>
    expectUserinfo(variant, async (token) =>
      op.form(await endpoint('userinfo_endpoint'), { access_token: token }),
    ),
)

it.each(variantsOf('oidcc-userinfo-rs256'))(
  'oidcc-userinfo-rs256: userinfo is signed for a client that registered for it ($plan, $responseType)',
  async (variant) => {
    expect((await metadata())['userinfo_signing_alg_values_supported']).toContain('RS256')
    const client = await register(variant, { userinfo_signed_response_alg: 'RS256' })
    const { accessToken, claims } = await logIn(client)
    const response = await userinfo(accessToken)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/jwt'])
    const jwt = await response.text()
    const { payload } = await jwtVerify(jwt, await keySet(), { issuer: OP, audience: client.id })
    expect(algorithmOf(jwt)).toBe('RS256')
    expect(payload.sub).toBe(claims.sub)
    expect(payload).not.toHaveProperty('nonce')
    checkClaims(payload)
  },
)

it.each(variantsOf('oidcc-scope-profile'))(
  'oidcc-scope-profile: every claim of the scope, and no other ($plan, $responseType)',
  (variant) => expectClaims(variant, ['profile']),
)

it.each(variantsOf('oidcc-scope-email'))(
  'oidcc-scope-email: every claim of the scope, and no other ($plan, $responseType)',
  (variant) => expectClaims(variant, ['email']),
)

it.each(variantsOf('oidcc-scope-address'))(
  'oidcc-scope-address: every claim of the scope, and no other ($plan, $responseType)',
  (variant) => expectClaims(variant, ['address']),
)

it.each(variantsOf('oidcc-scope-phone'))(
  'oidcc-scope-phone: every claim of the scope, and no other ($plan, $responseType)',
  (variant) => expectClaims(variant, ['phone']),
)

it.each(variantsOf('oidcc-scope-all'))(
  'oidcc-scope-all: every standard claim ($plan, $responseType)',
  (variant) => expectClaims(variant, ['email', 'phone', 'address', 'profile']),
)

it.each(variantsOf('oidcc-alternate-happy-flow'))(
  'oidcc-alternate-happy-flow: neither the order of scopes nor that of parameters means anything ($plan, $responseType)',
  (variant) =>
    expectClaims(variant, ['email'], (request) => {
      const scope = (request['scope'] ?? '').split(' ').reverse().join(' ')
      return Object.fromEntries(
        Object.entries({ ...request, scope })
          .sort()
          .reverse(),
      )
    }),
)

it.each(variantsOf('oidcc-claims-essential'))(
  'oidcc-claims-essential: an essential name is told where it was asked for, and only there ($plan, $responseType)',
  async (variant) => {
    const place = variant.responseType === 'id_token' ? 'id_token' : 'userinfo'
    const claims = JSON.stringify({ [place]: { name: { essential: true } } })
    const asked = place === 'id_token' ? ['name'] : []
    const got = await logIn(await register(variant), { request: { claims }, asked })
    if (place === 'id_token') {
      expect(got.claims['name']).toEqual(expect.stringMatching(/./))
      return
    }
    const shown = await checkedUserinfo(await userinfo(got.accessToken), got.claims.sub)
    expect(shown['name']).toEqual(expect.stringMatching(/./))
    expect(got.claims).not.toHaveProperty('name')
  },
)
