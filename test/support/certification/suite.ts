import { afterEach, expect, vi } from 'vitest'
import type { Variant } from '../../flows/openid/certification/plans.ts'
import { assertionFields, makeKey, signAssertion, type TestKey } from '../assertions.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../deployment.ts'
import { type Answers, type Landing, walk } from './walk.ts'

/** The issuer under test, the certification suite, and where the suite's client is answered. */
export const OP = 'https://op.example'
export const SUITE = 'https://suite.example'
export const CALLBACK = `${SUITE}/callback`

const SCOPES = 'openid offline_access profile email address phone'
const CLAIMS =
  'name given_name family_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at email email_verified address phone_number phone_number_verified'

/** A server as one sets it up to be certified: the built-in pages, registration by anybody, claims by scope. */
const SETTINGS = {
  URLS_SELF_ISSUER: OP,
  DEMO_PAGES: 'true',
  OIDC_CLAIMS_BY_SCOPE: 'true',
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
  OIDC_DYNAMIC_CLIENT_REGISTRATION_DEFAULT_SCOPE: SCOPES,
  OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
  OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a-salt-of-the-operator',
  WEBFINGER_OIDC_DISCOVERY_SUPPORTED_SCOPE: SCOPES.replaceAll(' ', ','),
  WEBFINGER_OIDC_DISCOVERY_SUPPORTED_CLAIMS: CLAIMS.replaceAll(' ', ','),
}

/** The server under test. */
export const op = new Deployment(testEnv(SETTINGS))

/** JSON as it comes. */
export type Json = Record<string, unknown>

/** Parameters of a request; `undefined` leaves one out. */
export type Changes = Readonly<Record<string, string | undefined>>

/** A client that the suite registered, with the key it signs by. */
export interface Client {
  readonly variant: Variant
  readonly id: string
  readonly secret: string
  readonly registration: Json
  readonly key: TestKey
}

/** What the discovery document says. */
export async function metadata(): Promise<Json> {
  return bodyOf(await op.fetch(`${OP}/.well-known/openid-configuration`))
}

/** An endpoint by its name in the discovery document. */
export const endpoint = async (name: string): Promise<string> => String((await metadata())[name])

let shared: Promise<TestKey> | undefined

/** The RSA key that clients of the suite have; it has no `kid`, as their keys have none. */
export const clientKey = (): Promise<TestKey> => {
  shared ??= makeKey('RS256')
  return shared
}

/** What the suite registers for a variant: no more than it needs. */
export async function registrationOf(variant: Variant): Promise<Json> {
  const { kid: _, ...jwk } = (await clientKey()).publicJwk
  const types = variant.responseType.split(' ')
  const front = types.includes('id_token') || types.includes('token')
  return {
    client_name: 'Certification',
    grant_types: [...(types.includes('code') ? ['authorization_code'] : []), ...(front ? ['implicit'] : [])],
    jwks: { keys: [{ ...jwk, alg: 'RS256' }] },
    token_endpoint_auth_method: variant.authentication,
    response_types: [variant.responseType],
    redirect_uris: [CALLBACK],
    contacts: ['certification@suite.example'],
  }
}

/** Asks for a registration, as JSON. */
export async function requestRegistration(body: Json): Promise<Response> {
  return op.fetch(await endpoint('registration_endpoint'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

/** Registers a client for a variant, as changed (`undefined` leaves out), and checks the answer (OIDC Registration section 3.2). */
export async function register(variant: Variant, changes: Json = {}): Promise<Client> {
  const all = { ...(await registrationOf(variant)), ...changes }
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  const response = await requestRegistration(sent)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  const registration = await bodyOf(response)
  expect([response.status, registration['error']]).toEqual([201, undefined])
  expect(registration).toMatchObject({
    ...sent,
    client_id: expect.stringMatching(/./),
    registration_access_token: expect.stringMatching(/./),
    registration_client_uri: expect.stringMatching(/^https:/),
  })
  if ('client_secret' in registration) expect(registration['client_secret_expires_at']).toBe(0)
  return {
    variant,
    id: String(registration['client_id']),
    secret: String(registration['client_secret']),
    registration,
    key: await clientKey(),
  }
}

/** Text no one can guess, of characters that URLs leave alone. */
export const random = (length: number): string => crypto.randomUUID().replaceAll('-', '').slice(0, length)

/** The parameters of an authorization request of a client, as the suite makes them. */
export function requestOf({ id, variant }: Client, changes: Changes = {}): Json & Changes {
  const all = {
    client_id: id,
    redirect_uri: CALLBACK,
    scope: 'openid',
    state: random(10),
    nonce: random(10),
    response_type: variant.responseType,
    ...(variant.responseMode === 'form_post' && { response_mode: 'form_post' }),
    ...changes,
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

/** An authorization URL of these parameters, in their order. */
export async function authorizationUrl(request: Changes): Promise<string> {
  const pairs = Object.entries(request).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  )
  return `${await endpoint('authorization_endpoint')}?${new URLSearchParams(pairs)}`
}

/** A new browser at the server under test. */
export const newBrowser = (): Browser => new Browser(op)

/** Sends a browser with a request to the server and through its pages. */
export async function send(request: Changes, browser = newBrowser(), answers?: Answers): Promise<Landing> {
  return walk(browser, await authorizationUrl(request), answers)
}

/** The fields and headers by which a client proves who it is. */
async function proof(client: Client, audience: string): Promise<[Record<string, string>, HeadersInit]> {
  const { id, secret, key, variant, registration } = client
  if (variant.authentication === 'private_key_jwt') {
    const kid = typeof registration['jwks_uri'] === 'string' ? key.kid : undefined
    const changes = { claims: { aud: audience }, header: { kid } }
    return [assertionFields(await signAssertion(key, { iss: id, sub: id }, changes)), {}]
  }
  if (registration['token_endpoint_auth_method'] === 'client_secret_post')
    return [{ client_id: id, client_secret: secret }, {}]
  return [{}, { authorization: `Basic ${btoa(`${id}:${secret}`)}` }]
}

/** A token request of a client; the audience is that of its assertion, if it makes one. */
export async function requestTokens(
  client: Client,
  fields: Readonly<Record<string, string>>,
  audience?: string,
): Promise<Response> {
  const url = await endpoint('token_endpoint')
  const [own, headers] = await proof(client, audience ?? url)
  return op.form(url, { ...fields, ...own }, headers)
}

/** Redeems a code. */
export const redeem = (client: Client, code: string, more: Readonly<Record<string, string>> = {}) =>
  requestTokens(client, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, ...more })

/** Checks that a registration was refused as JSON with this error (OIDC Registration section 3.3). */
export async function checkRefused(response: Response, error: string): Promise<void> {
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  expect([response.status, (await bodyOf(response))['error']]).toEqual([400, error])
}

/** Reads or deletes a client at the address its registration named, with the token that came with it (OIDC Registration section 4). */
export const configuration = ({ registration }: Client, method = 'GET'): Promise<Response> =>
  op.fetch(String(registration['registration_client_uri']), {
    method,
    headers: { authorization: `Bearer ${registration['registration_access_token']}` },
  })

/** What the suite serves on its own site, by address, and what was sent there. */
export interface Site {
  readonly files: Map<string, () => Response>
  readonly visits: Request[]
}

/** Lets the server under test reach the suite's own site, for the test that runs. */
export function suiteSite(): Site {
  const site: Site = { files: new Map(), visits: [] }
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    site.visits.push(request)
    // The network carries no fragment.
    return site.files.get(request.url.replace(/#.*/, ''))?.() ?? new Response(null, { status: 404 })
  })
  return site
}

/** Moves the clock forward; it stands still from then on. */
export function pass(seconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}

/** Puts clock and network back after each test of a file. */
export function cleanUp(): void {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })
}
