import { SignJWT, UnsecuredJWT } from 'jose'
import { expect, it } from 'vitest'
import { checkError, checkedAnswer } from '../../../support/certification/checks.ts'
import { logIn } from '../../../support/certification/log-in.ts'
import {
  authorizationUrl,
  CALLBACK,
  type Changes,
  type Client,
  cleanUp,
  metadata,
  OP,
  random,
  register,
  requestOf,
  SUITE,
  send,
  suiteSite,
} from '../../../support/certification/suite.ts'
import { WILLING, walk } from '../../../support/certification/walk.ts'
import type { Browser } from '../../../support/deployment.ts'
import { CHALLENGE, VERIFIER } from '../../../support/relying-party.ts'
import { type Variant, variantsOf } from './plans.ts'

cleanUp()

/** Logs in a user nobody knows yet with these parameters: they are asked, and it works. */
async function expectLogin(variant: Variant, request: Changes): Promise<void> {
  const { landing } = await logIn(await register(variant), { request })
  expect(landing.pages).toEqual(['/ui/login', '/ui/consent'])
}

/** Expects that a request ends at the server's own error page, which says this. */
async function expectErrorPage(request: Changes, words: string): Promise<void> {
  const { pages, url, text } = await send(request)
  expect(pages).toEqual(['/oauth2/fallbacks/error'])
  expect(url.origin).toBe(OP)
  expect(text).toContain(words)
}

/** Parameters that stay outside a request object (OIDC Core sections 6.1 and 6.2). */
const OUTSIDE = ['response_type', 'client_id', 'scope', 'redirect_uri']

/** Moves a request into an object; only what OAuth demands stays outside too. */
const around = (request: Changes, more: Changes): Changes => ({
  ...Object.fromEntries(Object.entries(request).filter(([name]) => OUTSIDE.includes(name))),
  ...more,
})

/** The whole request as an unsigned object. */
const unsigned = (request: Changes): string => new UnsecuredJWT({ ...request }).encode()

/** Registers a client whose requests are fetched, from an address with a fragment, and logs in with one. */
async function expectFetchedRequest(
  variant: Variant,
  registration: Readonly<Record<string, string>>,
  make: (request: Changes, client: Client) => Promise<string>,
): Promise<void> {
  const site = suiteSite()
  const address = `${SUITE}/request/${random(20)}`
  const uri = `${address}#${random(32)}`
  const client = await register(variant, { request_uris: [uri], ...registration })
  const { landing } = await logIn(client, {
    send: async (request, browser) => {
      const object = await make(request, client)
      const headers = { 'content-type': 'application/jwt' }
      site.files.set(address, () => new Response(object, { headers }))
      return send(around(request, { request_uri: uri }), browser)
    },
  })
  expect(site.visits.map(({ url }) => url.split('#')[0])).toEqual([address])
  expect(landing.pages).toEqual(['/ui/login', '/ui/consent'])
}

it.each(variantsOf('oidcc-response-type-missing'))(
  'oidcc-response-type-missing: the client is told, by query or form ($plan, $responseType)',
  async (variant) => {
    const client = await register(variant)
    const request = requestOf(client, { response_type: undefined })
    const landing = await send(request)
    const asCode = { ...client, variant: { ...variant, responseType: 'code' } }
    const answer = checkedAnswer(landing, asCode)
    checkError(answer, request['state'], ['unsupported_response_type', 'invalid_request'])
    expect(landing.pages).toEqual([])
  },
)

it.each(variantsOf('oidcc-ensure-request-without-nonce-succeeds-for-code-flow'))(
  'oidcc-ensure-request-without-nonce-succeeds-for-code-flow: no nonce in, none out ($plan, $responseType)',
  async (variant) => {
    const { claims } = await logIn(await register(variant), { request: { nonce: undefined } })
    expect(claims).not.toHaveProperty('nonce')
  },
)

it.each(variantsOf('oidcc-ensure-request-without-nonce-fails'))(
  'oidcc-ensure-request-without-nonce-fails: an ID token from the front needs one ($plan, $responseType)',
  async (variant) => {
    const client = await register(variant)
    const request = requestOf(client, { nonce: undefined })
    const landing = await send(request)
    checkError(checkedAnswer(landing, client), request['state'], ['invalid_request'])
    expect(landing.pages).toEqual([])
  },
)

it.each(variantsOf('oidcc-display-page'))(
  'oidcc-display-page: is no error ($plan, $responseType)',
  (variant) => expectLogin(variant, { display: 'page' }),
)

it.each(variantsOf('oidcc-display-popup'))(
  'oidcc-display-popup: is no error ($plan, $responseType)',
  (variant) => expectLogin(variant, { display: 'popup' }),
)

it.each(variantsOf('oidcc-ensure-request-with-unknown-parameter-succeeds'))(
  'oidcc-ensure-request-with-unknown-parameter-succeeds: it is passed over ($plan, $responseType)',
  (variant) => expectLogin(variant, { extra: 'foobar' }),
)

it.each(variantsOf('oidcc-ui-locales'))('oidcc-ui-locales: is no error ($plan, $responseType)', (variant) =>
  expectLogin(variant, { ui_locales: 'se' }),
)

it.each(variantsOf('oidcc-claims-locales'))(
  'oidcc-claims-locales: is no error ($plan, $responseType)',
  (variant) => expectLogin(variant, { claims_locales: 'se' }),
)

it.each(variantsOf('oidcc-login-hint'))(
  'oidcc-login-hint: the login page has it filled in ($plan, $responseType)',
  async (variant) => {
    let shown = ''
    const login = (text: string): URLSearchParams => {
      shown = text
      return WILLING['/ui/login']?.(text) ?? new URLSearchParams()
    }
    const hint = 'buffy@op.example'
    await logIn(await register(variant), {
      request: { login_hint: hint },
      send: (request, browser) => send(request, browser, { ...WILLING, '/ui/login': login }),
    })
    expect(shown).toContain(`value="${hint}"`)
  },
)

it.each(variantsOf('oidcc-ensure-request-with-acr-values-succeeds'))(
  'oidcc-ensure-request-with-acr-values-succeeds: the ID token has one of them ($plan, $responseType)',
  async (variant) => {
    const { acr_values_supported: offered = ['1', '2'] } = await metadata()
    const wanted = [offered].flat().map(String)
    const { claims } = await logIn(await register(variant), { request: { acr_values: wanted.join(' ') } })
    expect(wanted).toContain(claims['acr'])
  },
)

it.each(variantsOf('oidcc-ensure-registered-redirect-uri'))(
  'oidcc-ensure-registered-redirect-uri: another one ends at the error page ($plan, $responseType)',
  async (variant) => {
    const client = await register(variant)
    const bad = requestOf(client, { redirect_uri: `${CALLBACK}/${random(12)}` })
    await expectErrorPage(bad, 'redirect_uri')
  },
)

it.each(variantsOf('oidcc-ensure-post-request-succeeds'))(
  'oidcc-ensure-post-request-succeeds: a posted request is as good ($plan, $responseType)',
  async (variant) => {
    const post = async (request: Changes, browser: Browser) => {
      const [url = '', query = ''] = (await authorizationUrl(request)).split('?')
      return walk(browser, url, WILLING, { method: 'POST', body: new URLSearchParams(query) })
    }
    const { landing } = await logIn(await register(variant), { send: post })
    expect(landing.pages).toEqual(['/ui/login', '/ui/consent'])
  },
)

it.each(variantsOf('oidcc-ensure-request-with-valid-pkce-succeeds'))(
  'oidcc-ensure-request-with-valid-pkce-succeeds: S256 ($plan, $responseType)',
  async (variant) => {
    expect((await metadata())['code_challenge_methods_supported']).toEqual(['S256'])
    const { tokens } = await logIn(await register(variant), {
      request: { code_challenge: CHALLENGE, code_challenge_method: 'S256' },
      token: { code_verifier: VERIFIER },
    })
    expect(tokens).toHaveProperty('access_token')
  },
)

it.each(variantsOf('oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported'))(
  'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported: what is only inside counts ($plan, $responseType)',
  async (variant) => {
    const document = await metadata()
    expect(document['request_parameter_supported']).toBe(true)
    expect(document['request_object_signing_alg_values_supported']).toContain('none')
    const { landing } = await logIn(await register(variant), {
      send: (request, browser) => send(around(request, { request: unsigned(request) }), browser),
    })
    expect(landing.pages).toEqual(['/ui/login', '/ui/consent'])
  },
)

it.each(variantsOf('oidcc-ensure-request-object-with-redirect-uri'))(
  'oidcc-ensure-request-object-with-redirect-uri: the one inside wins over a bad one outside ($plan, $responseType)',
  async (variant) => {
    const { landing } = await logIn(await register(variant), {
      send: (request, browser) => {
        const outside = { redirect_uri: `${CALLBACK}_invalid`, request: unsigned(request) }
        return send(around(request, outside), browser)
      },
    })
    expect(`${landing.url.origin}${landing.url.pathname}`).toBe(CALLBACK)
  },
)

it.each(variantsOf('oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported'))(
  'oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported: is fetched ($plan, $responseType)',
  async (variant) => {
    expect((await metadata())['request_uri_parameter_supported']).toBe(true)
    await expectFetchedRequest(variant, {}, async (request) => unsigned(request))
  },
)

it.each(variantsOf('oidcc-request-uri-unsigned'))(
  'oidcc-request-uri-unsigned: is fetched from the registered address ($plan, $responseType)',
  async (variant) => {
    expect((await metadata())['request_uri_parameter_supported']).toBe(true)
    await expectFetchedRequest(variant, {}, async (request) => unsigned(request))
  },
)

it.each(variantsOf('oidcc-request-uri-signed-rs256'))(
  'oidcc-request-uri-signed-rs256: is fetched, and its signature checked ($plan, $responseType)',
  async (variant) => {
    expect((await metadata())['request_object_signing_alg_values_supported']).toContain('RS256')
    const registration = { request_object_signing_alg: 'RS256' }
    await expectFetchedRequest(variant, registration, (request, { id, key }) =>
      new SignJWT({ ...request, iss: id, aud: OP }).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey),
    )
  },
)
