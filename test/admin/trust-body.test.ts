import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { expect, it } from 'vitest'
import { readTrust } from '../../src/admin/trust-body.ts'

it.each(['RS256', 'ES256', 'ES512', 'EdDSA'])(
  'the thumbprint of a key for %s is that of RFC 7638',
  async (alg) => {
    const { publicKey } = await generateKeyPair(alg)
    const material = await exportJWK(publicKey)
    // Members that belong to no key of this type do not count.
    const jwk = { ...material, ...(alg === 'RS256' && { crv: 'P-256' }), kid: 'k', use: 'sig', alg }
    const issuer = 'https://issuer.example'
    const trust = { issuer, subject: 'alice', scope: [], jwk, expires_at: '2999-01-01T00:00:00Z' }
    expect((await readTrust(trust, 0)).thumbprint).toBe(await calculateJwkThumbprint(material))
  },
)
