import type { JWK } from 'jose'
import { expect, it } from 'vitest'
import { makeKey } from '../../../support/assertions.ts'
import {
  checkedIdToken,
  checkedKeys,
  checkedTokens,
  userinfo,
} from '../../../support/certification/checks.ts'
import { logIn } from '../../../support/certification/log-in.ts'
import {
  CALLBACK,
  type Changes,
  checkRefused,
  cleanUp,
  clientKey,
  configuration,
  type Json,
  metadata,
  OP,
  op,
  pass,
  register,
  registrationOf,
  requestOf,
  requestRegistration,
  requestTokens,
  SUITE,
  send,
  suiteSite,
} from '../../../support/certification/suite.ts'
import { type Variant, variantsOf } from './plans.ts'

cleanUp()

const WITH_QUERY = `${CALLBACK}?bar=foo`
const JWKS = `${SUITE}/client1_jwks`
const SECTOR = `${SUITE}/redirect_uris.json`

/** Expects that a client so registered, when it sends this, leaves its user at the server's error page. */
async function expectErrorPage(variant: Variant, uris: readonly string[], request: Changes): Promise<void> {
  const client = await register(variant, { redirect_uris: uris })
  const { pages, url, text } = await send(requestOf(client, request))
  expect(pages).toEqual(['/oauth2/fallbacks/error'])
  expect(url.origin).toBe(OP)
  expect(text).toContain('redirect_uri')
}

/** Expects that what a client says about itself is on the page where its user logs in. */
async function expectOnLoginPage(variant: Variant, about: Json, shown: string): Promise<void> {
  const client = await register(variant, about)
  const { pages, text } = await send(requestOf(client), undefined, {})
  expect(pages).toEqual(['/ui/login'])
  expect(text).toContain(shown)
  expect(text).toContain('name="password"')
}

const asSector = async (variant: Variant): Promise<Json> => ({
  ...(await registrationOf(variant)),
  subject_type: 'pairwise',
  sector_identifier_uri: SECTOR,
})

it.each(variantsOf('oidcc-ensure-redirect-uri-in-authorization-request'))(
  'oidcc-ensure-redirect-uri-in-authorization-request: of a client with two, one must be named ($plan, $responseType)',
  (variant) =>
    expectErrorPage(variant, [CALLBACK, 'https://example.org/redirect'], { redirect_uri: undefined }),
)

it.each(variantsOf('oidcc-redirect-uri-query-OK'))(
  'oidcc-redirect-uri-query-OK: a registered query is kept ($plan, $responseType)',
  async (variant) => {
    const { answer } = await logIn(await register(variant, { redirect_uris: [WITH_QUERY] }), {
      request: { redirect_uri: WITH_QUERY },
      token: { redirect_uri: WITH_QUERY },
    })
    expect(answer).toMatchObject({ bar: 'foo', code: expect.any(String) })
  },
)

it.each(variantsOf('oidcc-redirect-uri-query-mismatch'))(
  'oidcc-redirect-uri-query-mismatch: another query than the registered one ($plan, $responseType)',
  (variant) => expectErrorPage(variant, [WITH_QUERY], { redirect_uri: `${CALLBACK}?foo=bar` }),
)

it.each(variantsOf('oidcc-redirect-uri-query-added'))(
  'oidcc-redirect-uri-query-added: a query where none is registered ($plan, $responseType)',
  (variant) => expectErrorPage(variant, [CALLBACK], { redirect_uri: `${CALLBACK}?foo=bar` }),
)

it.each(variantsOf('oidcc-redirect-uri-regfrag'))(
  'oidcc-redirect-uri-regfrag: a fragment cannot be registered ($plan, $responseType)',
  async (variant) => {
    const body = { ...(await registrationOf(variant)), redirect_uris: [`${CALLBACK}#foobar`] }
    await checkRefused(await requestRegistration(body), 'invalid_redirect_uri')
  },
)

it.each(variantsOf('oidcc-registration-logo-uri'))(
  'oidcc-registration-logo-uri: the login page shows it ($plan, $responseType)',
  (variant) => {
    const logo = `${SUITE}/logo.png`
    return expectOnLoginPage(variant, { logo_uri: logo }, `<img src="${logo}"`)
  },
)

it.each(variantsOf('oidcc-registration-policy-uri'))(
  'oidcc-registration-policy-uri: the login page links to it ($plan, $responseType)',
  (variant) => {
    const policy = `${SUITE}/policy.html`
    return expectOnLoginPage(variant, { policy_uri: policy }, `<a href="${policy}">`)
  },
)

it.each(variantsOf('oidcc-registration-tos-uri'))(
  'oidcc-registration-tos-uri: the login page links to it ($plan, $responseType)',
  (variant) => {
    const terms = `${SUITE}/tos.html`
    return expectOnLoginPage(variant, { tos_uri: terms }, `<a href="${terms}">`)
  },
)

it.each(variantsOf('oidcc-registration-jwks-uri'))(
  'oidcc-registration-jwks-uri: a client proves itself by a key from there ($plan, $responseType)',
  async (variant) => {
    const site = suiteSite()
    const { publicJwk } = await clientKey()
    site.files.set(JWKS, () => Response.json({ keys: [publicJwk] }))
    const client = await register(variant, { jwks: undefined, jwks_uri: JWKS })
    expect((await logIn(client)).tokens).toHaveProperty('access_token')
    expect(site.visits.map(({ url }) => url)).toContain(JWKS)
    expect((await configuration(client, 'DELETE')).status).toBe(204)
  },
)

it.each(variantsOf('oidcc-registration-sector-uri'))(
  'oidcc-registration-sector-uri: a sector that lists the redirect URI ($plan, $responseType)',
  async (variant) => {
    expect((await metadata())['subject_types_supported']).toContain('pairwise')
    suiteSite().files.set(SECTOR, () => Response.json([CALLBACK]))
    const { registration } = await register(variant, await asSector(variant))
    expect(registration).toMatchObject({ subject_type: 'pairwise', sector_identifier_uri: SECTOR })
  },
)

it.each(variantsOf('oidcc-registration-sector-bad'))(
  'oidcc-registration-sector-bad: a sector that does not list the redirect URI ($plan, $responseType)',
  async (variant) => {
    const site = suiteSite()
    site.files.set(SECTOR, () => Response.json(['https://example.com/op']))
    await checkRefused(await requestRegistration(await asSector(variant)), 'invalid_client_metadata')
    expect(site.visits.map(({ url }) => url)).toEqual([SECTOR])
  },
)

it.each(variantsOf('oidcc-server-rotate-keys'))(
  'oidcc-server-rotate-keys: a new key is published at once beside the old ones ($plan)',
  async () => {
    const before = await checkedKeys()
    const path = `${OP}/admin/keys/hydra.openid.id-token`
    expect((await op.admin('POST', path, { alg: 'RS256', use: 'sig' })).status).toBe(201)
    const after = await checkedKeys()
    expect(after).toEqual(expect.arrayContaining(before))
    const added = after.filter(({ kid }) => !before.some((old) => old['kid'] === kid))
    expect(added).toEqual([expect.objectContaining({ kty: 'RSA', alg: 'RS256' })])
    expect(before.map(({ n }) => n)).not.toContain(added[0]?.['n'])
  },
)

it.each(variantsOf('oidcc-refresh-token-rp-key-rotation'))(
  'oidcc-refresh-token-rp-key-rotation: a minute later the client proves itself by a new key ($plan, $responseType)',
  async (variant) => {
    const keys: JWK[] = [(await clientKey()).publicJwk]
    suiteSite().files.set(JWKS, () => Response.json({ keys }))
    const grants = ['authorization_code', 'refresh_token']
    const changes = { jwks: undefined, jwks_uri: JWKS, grant_types: grants }
    const client = await register(variant, changes)
    const request = { scope: 'openid offline_access', prompt: 'consent' }
    const { tokens, claims } = await logIn(client, { request })
    const key = await makeKey('RS256')
    keys.splice(0, 1, key.publicJwk)
    pass(60)
    const fields = { grant_type: 'refresh_token', refresh_token: String(tokens['refresh_token']) }
    const renewed = await checkedTokens(await requestTokens({ ...client, key }, fields))
    const nonce = String(claims['nonce'])
    expect((await checkedIdToken(client, renewed['id_token'], { nonce })).sub).toBe(claims.sub)
    expect((await userinfo(renewed['access_token'])).status).toBe(200)
  },
)
