import { CompactSign, compactVerify, importJWK } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SigningAlgorithm } from '../../src/config/types.ts'
import type { SigningKeyRow } from '../../src/crypto/types.ts'
import { generateKey } from '../../src/keys/material.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET, type KeyRing } from '../../src/keys/ring.ts'
import { makeSigningKey, sealKey } from '../../src/keys/signing-key.ts'
import {
  changedByHand,
  emptyInstallation,
  type Installation,
  keyRows,
  later,
} from '../crypto/installation.ts'
import { testEnv } from '../support/bindings.ts'

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
let installation: Installation

beforeEach(async () => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined)
  installation = await emptyInstallation()
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const isolate = (algorithm?: SigningAlgorithm): KeyRing => installation.ring(algorithm)
const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** Adds a key as rotation would, created now, in another isolate. */
async function addKey(set: string): Promise<SigningKeyRow> {
  const row = await makeSigningKey(installation.envelopes(), set, 'ES256', nowSeconds())
  await installation.keyStore().add(row)
  return row
}

async function signAndVerify(ring: KeyRing): Promise<string> {
  const { kid, alg, key } = await ring.signer(ID_TOKEN_SET)
  const jws = await new CompactSign(new TextEncoder().encode('claims'))
    .setProtectedHeader({ alg, kid })
    .sign(key)
  const published = (await ring.publicKeys(ID_TOKEN_SET)).find((jwk) => jwk.kid === kid)
  await compactVerify(jws, await importJWK(published ?? {}, alg))
  const verifier = await ring.verifier(ID_TOKEN_SET, kid)
  const { protectedHeader } = await compactVerify(jws, verifier?.key ?? new Uint8Array(0))
  expect(verifier?.alg).toBe(protectedHeader.alg)
  return kid
}

describe('the first key', () => {
  it.each([
    ['RS256', ['alg', 'e', 'kid', 'kty', 'n', 'use']],
    ['ES256', ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
    ['EdDSA', ['alg', 'crv', 'kid', 'kty', 'use', 'x']],
  ] as const)(
    '%s: is made on first use, signs, verifies, and shows its public half only',
    async (algorithm, members) => {
      const ring = isolate(algorithm)
      const kid = await signAndVerify(ring)
      const [jwk, ...others] = await ring.publicKeys(ID_TOKEN_SET)
      expect(others).toEqual([])
      expect(Object.keys(jwk ?? {}).sort()).toEqual(members)
      expect(jwk).toMatchObject({ use: 'sig', alg: algorithm, kid })
      const rows = await keyRows()
      expect(rows).toHaveLength(1)
      expect(rows[0]?.publicJwk).toEqual(jwk)
      for (const member of PRIVATE_MEMBERS) expect(JSON.stringify(rows)).not.toContain(`"${member}":`)
    },
  )

  it('RS256 keys have 2048 bits', async () => {
    const [jwk] = await isolate('RS256').publicKeys(ACCESS_TOKEN_SET)
    expect(jwk?.n).toHaveLength(342)
  })

  it('sets have keys of their own', async () => {
    const ring = isolate()
    const [idToken, accessToken] = await Promise.all([
      ring.signer(ID_TOKEN_SET),
      ring.signer(ACCESS_TOKEN_SET),
    ])
    expect(idToken.kid).not.toBe(accessToken.kid)
    expect(await ring.verifier(ACCESS_TOKEN_SET, idToken.kid)).toBeUndefined()
  })

  it('racing isolates end with one', async () => {
    const rings = Array.from({ length: 6 }, () => isolate())
    const signers = await Promise.all(
      rings.flatMap((ring) => [ring.signer(ID_TOKEN_SET), ring.signer(ID_TOKEN_SET)]),
    )
    const rows = await keyRows()
    expect(rows).toHaveLength(1)
    expect(new Set(signers.map((signer) => signer.kid))).toEqual(new Set([rows[0]?.kid]))
  })

  it('an algorithm configured later does not touch it', async () => {
    const { kid } = await isolate('ES256').signer(ID_TOKEN_SET)
    expect(await isolate('EdDSA').signer(ID_TOKEN_SET)).toMatchObject({ kid, alg: 'ES256' })
  })
})

describe('further keys', () => {
  it('are published at once, sign once older than four minutes, and the older ones verify on', async () => {
    const first = await isolate().signer(ID_TOKEN_SET)
    later(3600)
    const second = await addKey(ID_TOKEN_SET)
    const ring = isolate()
    expect((await ring.publicKeys(ID_TOKEN_SET)).map((jwk) => jwk.kid)).toEqual([second.kid, first.kid])
    expect(await signAndVerify(ring)).toBe(first.kid)
    later(240)
    expect(await signAndVerify(ring)).toBe(first.kid)
    later(1)
    expect(await signAndVerify(ring)).toBe(second.kid)
    expect(await ring.verifier(ID_TOKEN_SET, first.kid)).toMatchObject({ alg: 'ES256' })
  })

  it('two young keys: the older one signs', async () => {
    const first = await isolate().signer(ID_TOKEN_SET)
    later(10)
    await addKey(ID_TOKEN_SET)
    expect((await isolate().signer(ID_TOKEN_SET)).kid).toBe(first.kid)
  })

  it('are seen once a copy shows them, and at once where they verify', async () => {
    const ring = isolate()
    await ring.signer(ID_TOKEN_SET)
    const added = await addKey(ID_TOKEN_SET)
    later(1)
    expect(await ring.publicKeys(ID_TOKEN_SET)).toHaveLength(1)
    expect(await ring.verifier(ID_TOKEN_SET, added.kid)).toMatchObject({ alg: 'ES256' })
    const other = await addKey(ID_TOKEN_SET)
    later(36)
    const kids = async () => (await ring.publicKeys(ID_TOKEN_SET)).map(({ kid }) => kid)
    await vi.waitFor(async () => expect(await kids()).toContain(other.kid))
  })
})

it('a key that was sealed without a use signs', async () => {
  const { alg, jwk } = await generateKey('ES256', 0)
  const sealed = { set: ID_TOKEN_SET, kid: 'old', alg, jwk }
  const privateSealed = await installation.envelopes().seal('signing_key', sealed, null)
  const row = { set: ID_TOKEN_SET, kid: 'old', alg, publicJwk: { kty: 'EC' }, privateSealed, createdAt: 1 }
  await installation.keyStore().add(row)
  expect(await signAndVerify(isolate())).toBe('old')
})

describe('public keys that were imported', () => {
  const addImported = async (set: string): Promise<void> => {
    const { d: _d, ...jwk } = (await generateKey('ES256', 0)).jwk
    const key = { kid: 'imported', alg: 'ES256', use: 'sig', jwk }
    await installation.keyStore().add(await sealKey(installation.envelopes(), set, key, nowSeconds() - 3600))
  }

  it('verify and are published, and never sign: a key is made that does', async () => {
    await addImported(ID_TOKEN_SET)
    const rings = Array.from({ length: 4 }, () => isolate())
    expect(await rings[0]?.publicKeys(ID_TOKEN_SET)).toHaveLength(1)
    const signers = await Promise.all(rings.map((ring) => ring.signer(ID_TOKEN_SET)))
    const rows = await keyRows()
    expect(rows).toHaveLength(2)
    expect(new Set(signers.map(({ kid }) => kid))).toEqual(new Set([rows[0]?.kid]))
    expect(await isolate().verifier(ID_TOKEN_SET, 'imported')).toMatchObject({ alg: 'ES256' })
    expect((await isolate().publicKeys(ID_TOKEN_SET)).map(({ kid }) => kid)).toContain('imported')
  })

  it('do not take the place of a key that signs', async () => {
    const first = await isolate().signer(ID_TOKEN_SET)
    await addImported(ID_TOKEN_SET)
    later(3600)
    expect((await isolate().signer(ID_TOKEN_SET)).kid).toBe(first.kid)
    expect(await keyRows()).toHaveLength(2)
  })

  it('nor do keys for encryption', async () => {
    const { kid } = await isolate().signer(ID_TOKEN_SET)
    const other = await generateKey('ES256', 0, { use: 'enc' })
    await installation.keyStore().add(await sealKey(installation.envelopes(), ID_TOKEN_SET, other, 0))
    const ring = isolate()
    expect((await ring.signer(ID_TOKEN_SET)).kid).toBe(kid)
    expect(await ring.verifier(ID_TOKEN_SET, other.kid)).toBeUndefined()
  })
})

describe('reads', () => {
  const warm = async (): Promise<KeyRing> => {
    const ring = isolate()
    await ring.signer(ID_TOKEN_SET)
    installation.resetCounts()
    return ring
  }

  it('no read while warm', async () => {
    const ring = await warm()
    later(19)
    await signAndVerify(ring)
    await ring.publicKeys(ID_TOKEN_SET)
    expect(installation.counts).toMatchObject({ d1: 0, kv: 0 })
  })

  it('no read of KV and D1 however long it is used, and the imported keys stay', async () => {
    const ring = await warm()
    const { key } = await ring.signer(ID_TOKEN_SET)
    for (let turn = 0; turn < 10; turn += 1) {
      later(61)
      const signers = await Promise.all(Array.from({ length: 10 }, () => ring.signer(ID_TOKEN_SET)))
      expect(signers.every((signer) => signer.key === key)).toBe(true)
    }
    expect(installation.counts).toMatchObject({ d1: 0, kv: 0 })
  })

  it('an unknown kid is looked up at most once a second', async () => {
    const ring = await warm()
    later(2)
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect(await ring.verifier(ID_TOKEN_SET, `unknown-${attempt}`)).toBeUndefined()
    }
    expect(installation.counts.d1).toBe(1)
    later(1)
    expect(await ring.verifier(ID_TOKEN_SET, 'unknown')).toBeUndefined()
    expect(installation.counts.d1).toBe(2)
  })

  it('a key another isolate deleted neither signs nor verifies after 60 s', async () => {
    const ring = await warm()
    const { kid } = await ring.signer(ID_TOKEN_SET)
    await installation.keyStore().replace(ID_TOKEN_SET, kid, [])
    later(60)
    expect((await ring.signer(ID_TOKEN_SET)).kid).not.toBe(kid)
    expect(await ring.verifier(ID_TOKEN_SET, kid)).toBeUndefined()
  })

  it('with storage down, keys in memory serve on, and only unknown ones are unavailable', async () => {
    const ring = await warm()
    const { kid } = await ring.signer(ID_TOKEN_SET)
    installation.down = true
    later(3600)
    expect(await signAndVerify(ring)).toBe(kid)
    await expect(ring.verifier(ID_TOKEN_SET, 'unknown')).rejects.toMatchObject({
      code: 'temporarily_unavailable',
    })
    await expect(isolate().signer(ID_TOKEN_SET)).rejects.toMatchObject({ code: 'temporarily_unavailable' })
  })
})

describe('rows that do not open', () => {
  let foreign = ''
  const damage: readonly (readonly [
    string,
    (row: SigningKeyRow, other: SigningKeyRow) => Partial<SigningKeyRow>,
  ])[] = [
    ['sealed elsewhere', () => ({ privateSealed: foreign })],
    ['cut', (row) => ({ privateSealed: row.privateSealed.slice(0, -8) })],
    ['empty', () => ({ privateSealed: '' })],
    ['under another kid', () => ({ kid: 'other' })],
    ['of another set', (_, other) => ({ privateSealed: other.privateSealed, kid: other.kid })],
  ]

  beforeEach(async () => {
    foreign = await installation.envelopes().seal('signing_key', {}, null)
    installation = await emptyInstallation()
  })

  it.each(damage)('%s: an error for every use, nothing replaced', async (_, change) => {
    const warm = isolate()
    await warm.signer(ID_TOKEN_SET)
    await warm.signer(ACCESS_TOKEN_SET)
    const rows = await keyRows()
    const other = rows.find(({ set }) => set === ACCESS_TOKEN_SET)
    const row = rows.find(({ set }) => set === ID_TOKEN_SET)
    if (row === undefined || other === undefined) throw new Error('no keys')
    const { kid, privateSealed } = { ...row, ...change(row, other) }
    await testEnv()
      .DB.prepare('UPDATE json_web_keys SET kid = ?, private_sealed = ? WHERE "set" = ?')
      .bind(kid, privateSealed, ID_TOKEN_SET)
      .run()
    await changedByHand()
    const kept = await keyRows()
    const failure = { code: 'misconfiguration', reason: 'keys_unopened' }
    const cold = isolate()
    await expect(cold.signer(ID_TOKEN_SET)).rejects.toMatchObject(failure)
    await expect(cold.publicKeys(ID_TOKEN_SET)).rejects.toMatchObject(failure)
    await expect(cold.verifier(ID_TOKEN_SET, row.kid)).rejects.toMatchObject(failure)
    await expect(warm.signer(ID_TOKEN_SET)).rejects.toMatchObject(failure)
    expect(await keyRows()).toEqual(kept)
    expect(await cold.signer(ACCESS_TOKEN_SET)).toMatchObject({ alg: 'ES256' })
  })

  it('a public half that was swapped in the row is not published', async () => {
    const ring = isolate()
    const [jwk] = await ring.publicKeys(ID_TOKEN_SET)
    const swapped = JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ' })
    await testEnv().DB.prepare('UPDATE json_web_keys SET public_jwk = ?').bind(swapped).run()
    later(60)
    expect(await isolate().publicKeys(ID_TOKEN_SET)).toEqual([jwk])
  })
})
