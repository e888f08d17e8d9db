import { describe, expect, it } from 'vitest'
import { bodyOf, Deployment } from '../support/deployment.ts'

const deployment = new Deployment()

describe('the body of a key', () => {
  it.each<[what: string, method: string, kid: string, body: unknown, said: RegExp]>([
    [
      'nothing',
      'POST',
      '',
      undefined,
      /^The body must be an object with 'alg' \(one of RS256, .*, EdDSA\) and/,
    ],
    ['no object', 'POST', '', null, /^The body must be an object with 'alg' \(one of RS256, .*, EdDSA\) and/],
    ['no algorithm', 'POST', '', { use: 'sig' }, /^Field 'alg' is missing\. Send one of RS256, .*, EdDSA\./],
    [
      'an empty algorithm',
      'POST',
      '',
      { alg: '' },
      /^Field 'alg' is missing\. Send one of RS256, .*, EdDSA\./,
    ],
    ['a wrong algorithm', 'POST', '', { alg: 'HS256' }, /^Field 'alg' must be one of RS256, .*, EdDSA\./],
    ['nothing', 'PUT', '', undefined, /^The body must be an object with an array 'keys' of JWKs\./],
    ['no keys', 'PUT', '', { kty: 'RSA' }, /^The body must be an object with an array 'keys' of JWKs\./],
    ['an empty key', 'PUT', '', { keys: [{}] }, /^The key needs 'kty', which is RSA, EC or OKP\./],
    [
      'half a key',
      'PUT',
      '',
      { keys: [{ kty: 'EC', crv: 'P-256' }] },
      /^The key needs 'x' and 'y': its type is EC\./,
    ],
    [
      'nothing',
      'PUT',
      '/k',
      undefined,
      /^The body must be a JWK whose 'kid' is the one in the path, or is left out\./,
    ],
    [
      'another kid',
      'PUT',
      '/k',
      { kid: 'l' },
      /^The body must be a JWK whose 'kid' is the one in the path, or/,
    ],
    ['an empty key', 'PUT', '/k', {}, /^The key needs 'kty', which is RSA, EC or OKP\./],
    ['no type of a key', 'PUT', '/k', { kty: 'constructor' }, /^The key must be a valid JWK of type RSA/],
    ['half a key', 'PUT', '/k', { kty: 'RSA', e: null }, /^The key needs 'n' and 'e': its type is RSA\./],
    ['half a key', 'PUT', '/k', { kty: 'OKP', crv: 'Ed25519' }, /^The key needs 'x': its type is OKP\./],
  ])('names what is needed where it gets %s: %s %s', async (_what, method, kid, body, said) => {
    const answer = await deployment.admin(method, `/admin/keys/a-set${kid}`, body)
    expect(answer.status).toBe(400)
    expect((await bodyOf(answer))['error_description']).toMatch(said)
  })
})
