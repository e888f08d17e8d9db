import { Buffer } from 'node:buffer'
import { exportJWK, generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  isPublicKey,
  type KeyOwner,
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

describe('whether a key may verify', () => {
  it.each<readonly [KeyOwner, readonly [none: boolean, sig: boolean, enc: boolean]]>([
    ['client', [false, true, false]],
    ['issuer', [true, true, false]],
    ['holder', [true, true, true]],
  ])('goes by its use, for keys of a %s', (owner, expected) => {
    for (const key of [rsa, ec, ed25519])
      expect(
        [key, { ...key, use: 'sig' }, { ...key, use: 'enc' }].map((one) => mayVerify(one, owner)),
      ).toEqual(expected)
    expect(mayVerify({ ...x25519, use: 'sig' }, owner)).toBe(false)
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
