import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import { expect } from 'vitest'
import { nowSeconds } from '../../../src/util/clock.ts'
import { bodyOf } from '../deployment.ts'
import { type Client, endpoint, type Json, OP, op } from './suite.ts'
import type { Landing } from './walk.ts'

/** Clocks may differ by this much, seconds. */
const SKEW = 300

const YEAR = 31_536_000

/** What error descriptions are made of (RFC 6749 section 4.1.2.1). */
const DESCRIPTION = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

const isText = expect.stringMatching(/./)
const isUrl = expect.stringMatching(/^https?:\/\/\S+$/)

/** The form of each standard claim (OIDC Core section 5.1). */
const STANDARD_CLAIMS: Readonly<Record<string, unknown>> = {
  sub: expect.stringMatching(/^[!-~]{1,255}$/),
  name: isText,
  given_name: isText,
  family_name: isText,
  middle_name: isText,
  nickname: isText,
  preferred_username: isText,
  profile: isUrl,
  picture: isUrl,
  website: isUrl,
  email: expect.stringMatching(/^\S+@\S+$/),
  email_verified: expect.any(Boolean),
  gender: isText,
  birthdate: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
  zoneinfo: expect.stringMatching(/^\w+\/\w+$/),
  locale: expect.stringMatching(/^[a-z]{2,3}(-[A-Z]{2})?$/),
  phone_number: expect.stringMatching(/^\+[\d ]+$/),
  phone_number_verified: expect.any(Boolean),
  address: expect.any(Object),
  updated_at: expect.any(Number),
}

const ADDRESS = ['formatted', 'street_address', 'locality', 'region', 'postal_code', 'country']

/** Claims that an ID token may have whatever was asked for; a client is surprised by others. */
const OF_THE_TOKEN =
  'iss sub aud exp iat auth_time nonce acr amr azp at_hash c_hash nbf jti sid s_hash'.split(' ')

/** Checks the form of all standard claims there are. */
export function checkClaims(claims: Json): void {
  for (const [name, form] of Object.entries(STANDARD_CLAIMS))
    if (name in claims) expect({ [name]: claims[name] }).toEqual({ [name]: form })
  const { address = {} } = claims
  for (const [name, value] of Object.entries(address as object)) {
    expect(ADDRESS).toContain(name)
    expect(value).toEqual(isText)
  }
}

/** The published keys, checked: public, signing, with a `kid` each (OIDC Core section 10.1, RFC 7517). */
export async function checkedKeys(): Promise<Json[]> {
  const response = await op.fetch(await endpoint('jwks_uri'))
  expect(response.status).toBe(200)
  const { keys } = await response.json<{ keys: Json[] }>()
  expect(keys.length).toBeGreaterThan(0)
  for (const key of keys) {
    const hidden = Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'].includes(name))
    expect(hidden).toEqual([])
    expect(key).toMatchObject({ kid: isText, kty: isText, alg: isText, use: 'sig' })
  }
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
  return keys
}

/** The published keys, to verify by. */
export const keySet = async (): Promise<ReturnType<typeof createLocalJWKSet>> =>
  createLocalJWKSet({ keys: await checkedKeys() } as Parameters<typeof createLocalJWKSet>[0])

const leftHalf = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, 16).toString('base64url')

/** What an ID token came with. */
export interface Beside {
  readonly nonce?: string | undefined
  readonly accessToken?: string | undefined
  readonly code?: string | undefined
  /** Claims beyond those of the token itself that were asked for. */
  readonly asked?: readonly string[]
}

/** The claims of an ID token, checked as a client must (OIDC Core sections 3.1.3.7, 3.2.2.11 and 3.3.2.11). */
export async function checkedIdToken(client: Client, jwt: unknown, beside: Beside): Promise<JWTPayload> {
  const keys = await checkedKeys()
  const expected = { issuer: OP, audience: client.id, currentDate: new Date() }
  const { payload: claims, protectedHeader } = await jwtVerify(String(jwt), await keySet(), expected)
  expect(protectedHeader.alg).toBe(client.registration['id_token_signed_response_alg'] ?? 'RS256')
  expect(keys.map(({ kid }) => kid)).toContain(protectedHeader.kid)
  const { exp = 0, iat = 0, auth_time: authTime } = claims
  const now = nowSeconds()
  expect([claims.aud].flat()).toEqual([client.id])
  expect(exp).toBeGreaterThan(now)
  expect(exp).toBeLessThan(now + YEAR)
  expect(Math.abs(now - iat)).toBeLessThanOrEqual(SKEW)
  expect(claims).toHaveProperty('sub')
  expect(claims['nonce']).toBe(beside.nonce)
  expect(claims['acr']).not.toBe('')
  if (authTime !== undefined) {
    expect(authTime).toBeGreaterThan(now - YEAR)
    expect(authTime).toBeLessThanOrEqual(now + SKEW)
  }
  for (const [name, text] of [
    ['at_hash', beside.accessToken],
    ['c_hash', beside.code],
  ] as const)
    if (text !== undefined) expect({ [name]: claims[name] }).toEqual({ [name]: leftHalf(text) })
  checkClaims(claims)
  const known = [...OF_THE_TOKEN, ...(beside.asked ?? [])]
  expect(Object.keys(claims).filter((name) => !known.includes(name))).toEqual([])
  return claims
}

/** The algorithm in a JWT's header. */
export const algorithmOf = (jwt: unknown): unknown => decodeProtectedHeader(String(jwt)).alg

/** A token response, checked (RFC 6749 section 5.1, OIDC Core section 3.1.3.3). */
export async function checkedTokens(response: Response): Promise<Json> {
  const body = await bodyOf(response)
  expect([response.status, body['error']]).toEqual([200, undefined])
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  expect(response.headers.get('cache-control')).toContain('no-store')
  expect(body).toMatchObject({
    access_token: expect.stringMatching(/^[\x20-\x7e]{22,}$/),
    token_type: expect.stringMatching(/^bearer$/i),
    expires_in: expect.any(Number),
    id_token: isText,
  })
  expect(body['expires_in']).toBeGreaterThan(0)
  expect(body['expires_in']).toBeLessThanOrEqual(YEAR)
  return body
}

/** Checks that a token request was refused with `invalid_grant` (RFC 6749 section 5.2). */
export async function checkInvalidGrant(response: Response): Promise<void> {
  expect(response.status).toBe(400)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  const body = await bodyOf(response)
  expect(body['error']).toBe('invalid_grant')
  expect(body['error_description']).toMatch(DESCRIPTION)
}

/** The parameters with which a browser came back to the client, checked for how they came. */
export function checkedAnswer(landing: Landing, { variant, registration }: Client): Json {
  const { url, posted } = landing
  const uris = (registration['redirect_uris'] ?? []) as string[]
  const [bare = ''] = url.href.split('#')
  const uri = uris.find((one) => url.href.startsWith(one))
  expect(uri, `the browser is at ${url.href}`).toBeDefined()
  const asked = new URL(uri ?? '')
  const query = Object.fromEntries(url.searchParams)
  const registered = Object.fromEntries(asked.searchParams)
  if (variant.responseMode === 'form_post') {
    expect(query).toEqual(registered)
    expect(url.hash).toBe('')
    return Object.fromEntries(posted ?? [])
  }
  expect(posted).toBeUndefined()
  if (variant.responseType === 'code') {
    expect(query).toMatchObject(registered)
    return query
  }
  expect(bare).toBe(asked.href)
  return Object.fromEntries(new URLSearchParams(url.hash.slice(1)))
}

/** Checks what every answer that is an error has, and that it is one of these (OIDC Core section 3.1.2.6, RFC 9207). */
export function checkError(answer: Json, state: string | undefined, errors: readonly string[]): void {
  const expected = ['error', 'error_description', 'error_uri', 'state', 'iss', 'session_state']
  expect(Object.keys(answer).filter((name) => !expected.includes(name))).toEqual([])
  expect(answer).toMatchObject({ state, iss: OP })
  expect(errors).toContain(answer['error'])
  expect(answer['error_description']).toMatch(DESCRIPTION)
}

/** Userinfo by an access token, checked (OIDC Core section 5.3.2). */
export async function checkedUserinfo(response: Response, sub: unknown): Promise<Json> {
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  const claims = await bodyOf(response)
  expect(claims['sub']).toBe(sub)
  checkClaims(claims)
  return claims
}

/** Asks userinfo with the token in a header. */
export async function userinfo(accessToken: unknown, method = 'GET'): Promise<Response> {
  const headers = { authorization: `Bearer ${accessToken}` }
  return op.fetch(await endpoint('userinfo_endpoint'), { method, headers })
}
