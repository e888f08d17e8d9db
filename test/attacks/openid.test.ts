import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { Browser, Deployment, ISSUER } from '../support/deployment.ts'
import {
  authorizationPath,
  logIn,
  parameter,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const deployment = new Deployment()
const OUT = 'https://app.example/out'
let client: TestClient
let hint: string
let kid: string
let publicKey: string

const part = (value: unknown): string =>
  btoa(JSON.stringify(value)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_')
const partsOf = (token: string): readonly [string, string, string] => {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return [header, payload, signature]
}

beforeAll(async () => {
  client = await registerClient(deployment, { post_logout_redirect_uris: [OUT] })
  hint = (await logIn(deployment, client)).id_token
  const { keys } = await (await deployment.fetch('/.well-known/jwks.json')).json<{
    keys: { kid: string; n: string }[]
  }>()
  kid = keys[0]?.kid ?? ''
  publicKey = keys[0]?.n ?? ''
})

/** Forged ID tokens, each for the user of the real one. */
const forgeries: Readonly<Record<string, () => Promise<string>>> = {
  'alg none': async () => `${part({ alg: 'none' })}.${partsOf(hint)[1]}.`,
  'alg None': async () => `${part({ alg: 'None', kid })}.${partsOf(hint)[1]}.`,
  'no signature': async () => `${partsOf(hint)[0]}.${partsOf(hint)[1]}.`,
  'two parts': async () => `${partsOf(hint)[0]}.${partsOf(hint)[1]}`,
  'other claims': async () =>
    `${partsOf(hint)[0]}.${part({ iss: ISSUER, sub: 'admin', aud: [client.id] })}.${partsOf(hint)[2]}`,
  'HS256 with the public key': async () =>
    new SignJWT({ iss: ISSUER, sub: 'alice', aud: client.id })
      .setProtectedHeader({ alg: 'HS256', kid })
      .sign(new TextEncoder().encode(publicKey.padEnd(64, '0'))),
  'a key in the header': async () => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    return new SignJWT({ iss: ISSUER, sub: 'alice', aud: client.id })
      .setProtectedHeader({ alg: 'ES256', kid, jwk: await exportJWK(pair.publicKey) })
      .sign(pair.privateKey)
  },
  'an address of keys in the header': async () => {
    const pair = await generateKeyPair('RS256')
    return new SignJWT({ iss: ISSUER, sub: 'alice', aud: client.id })
      .setProtectedHeader({ alg: 'RS256', kid, jku: 'https://evil.example/jwks.json' })
      .sign(pair.privateKey)
  },
  'a kid that is a path': async () =>
    `${part({ alg: 'RS256', kid: '../../keys' })}.${partsOf(hint)[1]}.${partsOf(hint)[2]}`,
  'crit that nobody knows': async () =>
    `${part({ alg: 'RS256', kid, crit: ['b64'], b64: false })}.${partsOf(hint)[1]}.${partsOf(hint)[2]}`,
  'an ECDSA signature of zeroes': async () =>
    `${part({ alg: 'ES256', kid })}.${partsOf(hint)[1]}.${'A'.repeat(86)}`,
}

describe('forged tokens (OIDC Core section 16.3)', () => {
  it.each(Object.keys(forgeries))('a forged ID token is no hint: %s', async (name) => {
    const id_token_hint = (await forgeries[name]?.()) ?? ''
    const atLogout = await new Browser(deployment).next(
      `/oauth2/sessions/logout?id_token_hint=${id_token_hint}`,
    )
    expect(atLogout.pathname).toBe('/oauth2/fallbacks/error')
    const request = authorizationPath(client, { id_token_hint, prompt: 'none' })
    expect(parameter(await new Browser(deployment).next(request), 'error')).not.toBe('login_required')
  })

  it('and the real one is', async () => {
    const request = authorizationPath(client, { id_token_hint: hint, prompt: 'none' })
    expect(parameter(await new Browser(deployment).next(request), 'error')).toBe('login_required')
  })
})

describe('addresses after logout (OpenID Connect RP-Initiated Logout)', () => {
  it.each([
    `${OUT}/`,
    `${OUT}?x=y`,
    `${OUT}#x`,
    'https://APP.example/out',
    'https://app.example:443/out',
    'https://app.example@evil.example/out',
    'https://app.example.evil.example/out',
    'https://evil.example\\@app.example/out',
    'http://app.example/out',
    '//app.example/out',
    'javascript:alert(1)',
    ` ${OUT}`,
  ])(
    'an address after logout that only looks like the registered one is not gone to: %s',
    async (address) => {
      const query = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: address })
      const next = await new Browser(deployment).next(`/oauth2/sessions/logout?${query}`)
      expect(next.pathname).toBe('/oauth2/fallbacks/error')
    },
  )
})
