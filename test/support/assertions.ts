import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { nowSeconds } from '../../src/util/clock.ts'
import { ISSUER } from './browser.ts'

/** A key pair of somebody who signs assertions. */
export interface TestKey {
  readonly alg: string
  readonly kid: string
  readonly publicJwk: JWK
  readonly privateKey: CryptoKey
}

/** Makes a key pair; its public half names kid and use. */
export async function makeKey(alg = 'ES256', kid: string = crypto.randomUUID()): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }
}

/** What a test changes about an assertion; `undefined` leaves a claim or header member out. */
export interface AssertionChanges {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
}

const present = (members: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))

/** Signs an assertion that is good unless it is changed: for this server, for five minutes, with a `jti` of its own. */
export function signAssertion(
  key: TestKey,
  claims: { readonly iss: string; readonly sub: string },
  changes: AssertionChanges = {},
): Promise<string> {
  const now = nowSeconds()
  const all = {
    ...claims,
    aud: `${ISSUER}/oauth2/token`,
    iat: now,
    exp: now + 300,
    jti: crypto.randomUUID(),
    ...changes.claims,
  }
  const header = { alg: key.alg, ...present({ kid: key.kid, ...changes.header }) }
  return new SignJWT(present(all)).setProtectedHeader(header).sign(key.privateKey)
}

/** The form fields by which a client authenticates with an assertion. */
export const assertionFields = (assertion: string): Record<string, string> => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
})
