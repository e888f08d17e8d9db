import { decodeJwt, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeKey } from '../support/assertions.ts'
import { Browser, bodyOf, Deployment, ISSUER } from '../support/deployment.ts'
import {
  authorizationPath,
  parameter,
  redeem,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
let shop: TestClient

beforeAll(async () => {
  shop = await registerClient(deployment, { client_name: 'Shop', scope: 'openid profile email' })
})

const posted = (fields: readonly (readonly [string, string])[]): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields.map(([name, value]) => [name, value])),
})

const CREDENTIALS = posted([
  ['username', 'demo'],
  ['password', 'demo'],
  ['accept', 'true'],
])

/** A browser at the consent page of a request, and the page. */
async function atConsent(path: string) {
  const browser = new Browser(deployment)
  const login = await browser.next(path)
  const url = await browser.next((await browser.next(login.href, CREDENTIALS)).href)
  expect(url.pathname).toBe('/ui/consent')
  return { browser, url, page: await (await browser.visit(url.href)).text() }
}

describe('"Not you?"', () => {
  const linkIn = (page: string): string | undefined =>
    /<a href="([^"]*)">Not you\?/.exec(page)?.[1]?.replaceAll('&amp;', '&')

  it('keeps of the prompts only that the user is asked again', async () => {
    for (const [prompt, kept] of [
      ['create', 'login'],
      ['create consent', 'login consent'],
      ['select_account consent login', 'login consent'],
    ] as const) {
      const { page } = await atConsent(authorizationPath(shop, { scope: 'openid', prompt }))
      expect(parameter(new URL(linkIn(page) ?? ''), 'prompt'), prompt).toBe(kept)
    }
  })

  it('is not asked where only the client can make the request again, because it must be signed', async () => {
    const key = await makeKey()
    const jwks = { keys: [key.publicJwk] }
    const client = await registerClient(deployment, { jwks, require_signed_request_object: true })
    const plain = Object.fromEntries(new URL(authorizationPath(client), ISSUER).searchParams)
    const request = await new SignJWT({ ...plain, iss: client.id, aud: ISSUER })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'oauth-authz-req+jwt' })
      .setIssuedAt()
      .setNotBefore('0s')
      .setExpirationTime('1m')
      .sign(key.privateKey)
    const { page } = await atConsent(`/oauth2/auth?${new URLSearchParams({ client_id: client.id, request })}`)
    expect(page).toContain('Logged in as')
    expect(linkIn(page)).toBeUndefined()
  })

  it('is not asked where the request would be too long', async () => {
    const long = (state: number): string =>
      authorizationPath(shop, { scope: 'openid', state: 'x'.repeat(state) })
    const room = 8192 - new URL(long(0), ISSUER).search.slice(1).length
    const added = '&prompt=login'.length
    expect(linkIn((await atConsent(long(room - added))).page)).toContain('prompt=login')
    expect(linkIn((await atConsent(long(room - added + 1))).page)).toBeUndefined()
  })
})

describe('what a yes grants is shown', () => {
  const claims = '{"id_token":{"birthdate":null,"email":null,"nickname":null,"constructor":null}}'

  it('claims that are requested by name, without a box', async () => {
    const { page } = await atConsent(authorizationPath(shop, { scope: 'openid', claims }))
    expect(page).toContain('See your profile<small><code dir="ltr">birthdate nickname</code></small>')
    expect(page).toContain('See your email address<small><code dir="ltr">email</code></small>')
    expect(page.split('<fieldset>')[1]).not.toContain('constructor')
    expect(page).not.toContain('name="grant_scope"')
  })

  it('claims whose scope is requested too are left out with it', async () => {
    const { browser, url, page } = await atConsent(
      authorizationPath(shop, { scope: 'openid email profile', claims }),
    )
    expect(page).not.toContain('<code dir="ltr">')
    const yes = [
      ['accept', 'true'],
      ['grant_scope', 'profile'],
    ] as const
    const granted = await browser.next(url.href, posted(yes))
    const code = parameter(await browser.next(granted.href), 'code')
    const tokens = await bodyOf(await redeem(deployment, shop, code))
    expect(tokens['scope']).toBe('openid profile')
    const released = decodeJwt(String(tokens['id_token']))
    expect(released).toMatchObject({ birthdate: '2000-01-31' })
    expect(released).not.toHaveProperty('email')
  })

  it('the audiences of the access token', async () => {
    const { page } = await atConsent(
      authorizationPath(shop, { scope: 'openid', audience: 'https://api.example' }),
    )
    expect(page).toContain('Use <bdi>https://api.example</bdi> on your behalf')
  })
})
