import { Buffer } from 'node:buffer'
import { exportJWK, generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  fitsSignature,
  isPrivateKey,
  isPublicKey,
  keyProblem,
  materialOf,
  mayEncrypt,
  mayVerify,
  publicMembers,
} from '../../src/keys/foreign-keys.ts'
import { isJsonObject, type JsonObject } from '../../src/util/json.ts'

const text = (bytes: number): string => Buffer.alloc(bytes, 1).toString('base64url')

const rsa: JsonObject = { kty: 'RSA', n: text(256), e: 'AQAB' }
const ec: JsonObject = { kty: 'EC', crv: 'P-256', x: text(32), y: text(32) }
const ed25519: JsonObject = { kty: 'OKP', crv: 'Ed25519', x: text(32) }
const x25519: JsonObject = { kty: 'OKP', crv: 'X25519', x: text(32) }

describe('a public key', () => {
  it.each(['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA', 'ECDH-ES'])(
    'is one that was made for %s, and its private half is none',
    async (alg) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
      expect(isPublicKey(await exportJWK(publicKey))).toBe(true)
      expect(isPublicKey(await exportJWK(privateKey))).toBe(false)
    },
  )

  it.each<readonly [string, unknown]>([
    ['no object', 'RSA'],
    ['a list', [rsa]],
    ['symmetric', { kty: 'oct', k: 'AAAA' }],
    ['a short RSA modulus', { ...rsa, n: text(255) }],
    ['an RSA modulus that is slow to verify with', { ...rsa, n: text(1026) }],
    ['a large RSA exponent', { ...rsa, e: text(9) }],
    ['no exponent', { kty: 'RSA', n: text(256) }],
    ['an unknown curve', { ...ec, crv: 'secp256k1' }],
    ['a short coordinate', { ...ec, y: text(31) }],
    ['a coordinate that is no base64url', { ...ed25519, x: '+'.repeat(43) }],
    ['a use that is no text', { ...rsa, use: null }],
    ['a kid that is no text', { ...ec, kid: 1 }],
  ])('is not %s', (_what, key) => {
    expect(isPublicKey(key)).toBe(false)
  })
})

describe('a key that is no public key of ours', () => {
  const KNOWN = ': known are RSA, EC P-256, EC P-384, EC P-521, OKP Ed25519, OKP X25519'

  it.each<readonly [string, string, boolean]>([
    ['is no JWK', '"x"', false],
    [`has the unknown type 'AKP'${KNOWN}`, '{"kty":"AKP","alg":"ML-DSA-44","pub":"AAAA"}', false],
    [`has the unknown type 'EC secp256k1'${KNOWN}`, '{"kty":"EC","crv":"secp256k1"}', false],
    [`has the unknown type 'OKP Ed448'${KNOWN}`, '{"kty":"OKP","crv":"Ed448","x":"AAAA"}', false],
    [`has the unknown type ''${KNOWN}`, '{}', false],
    ["is not public: it has 'k'", '{"kty":"oct","k":"AAAA"}', false],
    ["is not public: it has 'priv'", '{"kty":"AKP","priv":"AAAA"}', true],
    ["has a 'kid' that is no string", JSON.stringify({ ...ec, kid: 1 }), false],
    ['must have coordinates of 32 bytes, in base64url', JSON.stringify({ ...ec, y: text(31) }), false],
    [
      "must have 'n' of 2048 to 8192 bits and 'e' of at most 64, in base64url",
      JSON.stringify({ ...rsa, n: text(255) }),
      false,
    ],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map(
      (name) =>
        [`is not public: it has '${name}'`, JSON.stringify({ ...rsa, [name]: 'AAAA' }), true] as const,
    ),
  ])('%s: %s, private %s', (problem, text, secret) => {
    const key = JSON.parse(text)
    expect([keyProblem(key), isPrivateKey(key)]).toEqual([problem, secret])
  })
})

describe('whether a key may verify', () => {
  it.each<readonly [object, boolean]>([
    [{}, true],
    [{ use: 'sig' }, true],
    [{ use: 'enc' }, false],
    [{ use: 'tls' }, false],
    [{ key_ops: [] }, true],
    [{ key_ops: ['verify'] }, true],
    [{ key_ops: ['sign', 'verify'], use: 'sig' }, true],
    [{ key_ops: ['encrypt', 'wrapKey'] }, false],
    [{ x5c: ['no certificate'], x5t: 'x', x5u: 'http://127.0.0.1/' }, true],
  ])('goes by its use and its operations: %j', (members, expected) => {
    for (const key of [rsa, ec, ed25519]) expect(mayVerify({ ...key, ...members })).toBe(expected)
    expect(mayVerify({ ...x25519, ...members })).toBe(false)
  })

  it.each<readonly [JsonObject, readonly string[]]>([
    [rsa, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    [{ ...rsa, alg: 'PS256' }, ['PS256']],
    [{ ...rsa, crv: 'P-256' }, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    [ec, ['ES256']],
    [{ ...ec, crv: 'P-521' }, ['ES512']],
    [ed25519, ['EdDSA', 'Ed25519']],
    [{ ...ed25519, alg: 'EdDSA' }, ['EdDSA', 'Ed25519']],
    [x25519, []],
  ])('and by its type, curve and algorithm: %j', (key, expected) => {
    const all = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
    const others = ['Ed25519', 'HS256', 'none', 'ES256K', 'ML-DSA-44', 'constructor']
    expect([...all, ...others].filter((alg) => fitsSignature(key, alg))).toEqual(expected)
  })
})

describe('whether a key may be encrypted to', () => {
  it.each<readonly [string, JsonObject, string, boolean]>([
    ['RSA by RSA', rsa, 'RSA-OAEP-256', true],
    ['RSA by agreement', rsa, 'ECDH-ES', false],
    ['EC by agreement', ec, 'ECDH-ES+A256KW', true],
    ['X25519 by agreement', x25519, 'ECDH-ES', true],
    ['Ed25519, which signs', ed25519, 'ECDH-ES', false],
    ['for encryption', { ...ec, use: 'enc' }, 'ECDH-ES', true],
    ['for signatures', { ...ec, use: 'sig' }, 'ECDH-ES', false],
    ['of that algorithm', { ...rsa, alg: 'RSA-OAEP-256' }, 'RSA-OAEP-256', true],
    ['of another algorithm', { ...rsa, alg: 'RSA-OAEP' }, 'RSA-OAEP-256', false],
    ['with operations', { ...rsa, key_ops: ['wrapKey'] }, 'RSA-OAEP-256', true],
    ['with other operations', { ...rsa, key_ops: ['verify'] }, 'RSA-OAEP-256', false],
  ])('%s', (_what, key, alg, expected) => {
    expect(mayEncrypt(key, alg)).toBe(expected)
  })
})

it('is kept without what does not belong to its type, and used without what it says of itself', () => {
  const written = { use: 'sig', x5c: ['AAAA'], ...ec, n: 'AAAA', kid: 'a', alg: 'ES256' }
  expect(publicMembers(written)).toEqual({ use: 'sig', ...ec, kid: 'a', alg: 'ES256' })
  const material: unknown = materialOf(written)
  expect(isJsonObject(material) && material).toEqual(ec)
})
