import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aeadSeal } from '../../src/crypto/aead.ts'
import { type Envelopes, MAX_ENVELOPE_LENGTH } from '../../src/crypto/envelope.ts'
import type { EnvelopeKind } from '../../src/crypto/types.ts'
import { fromBase64url, toBase64url } from '../../src/util/base64url.ts'
import { seconds } from '../../src/util/clock.ts'
import { testEnv } from '../support/bindings.ts'
import { emptyInstallation, type Installation, SAMPLE_ROW } from './installation.ts'

const KINDS: readonly EnvelopeKind[] = [
  'login_challenge',
  'login_verifier',
  'consent_challenge',
  'consent_verifier',
  'logout_challenge',
  'logout_verifier',
  'code',
  'access_token',
  'refresh_token',
  'session',
  'page_token',
  'signing_key',
  'demo',
]

const anyKind = fc.constantFrom(...KINDS)
const anyExpiry = fc.option(fc.nat({ max: 4_000_000_000 }).map(seconds), { nil: null })
const anyData = fc.jsonValue({ maxDepth: 3 })

let installation: Installation
let envelopes: Envelopes

async function install(): Promise<void> {
  installation = await emptyInstallation()
  envelopes = installation.envelopes()
  await envelopes.seal('demo', 'warm', null)
  installation.resetCounts()
}

beforeEach(install)

afterEach(() => {
  vi.useRealTimers()
})

/** Everything that may be done to an envelope's bytes with one bit. */
function* bitFlips(text: string): Generator<string> {
  const parts = text.split('.').map((part) => fromBase64url(part) ?? new Uint8Array(0))
  for (const [index, bytes] of parts.entries()) {
    for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
      const copy = bytes.slice()
      copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      yield parts.map((part, other) => toBase64url(other === index ? copy : part)).join('.')
    }
  }
}

describe('properties', () => {
  it('what was sealed opens as it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyKind, anyData, anyExpiry, async (kind, data, expiresAt) => {
        const text = await envelopes.seal(kind, data, expiresAt)
        expect(text).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)
        expect(await envelopes.open(kind, text)).toEqual({
          expiresAt,
          data: JSON.parse(JSON.stringify(data)),
        })
      }),
    )
  })

  it('the same content gives the same envelope, in every isolate; other content another nonce', async () => {
    const other = installation.envelopes()
    await fc.assert(
      fc.asyncProperty(anyKind, anyData, anyData, anyExpiry, async (kind, left, right, expiresAt) => {
        const text = await envelopes.seal(kind, left, expiresAt)
        expect(await other.seal(kind, left, expiresAt)).toBe(text)
        const head = text.split('.')[0]
        const otherHead = (await envelopes.seal(kind, right, expiresAt)).split('.')[0]
        expect(head === otherHead).toBe(JSON.stringify(left) === JSON.stringify(right))
        expect((await envelopes.seal(kind, left, seconds((expiresAt ?? 0) + 1))).split('.')[0]).not.toBe(head)
      }),
    )
  })

  it('no kind opens as another, nor shares a nonce', async () => {
    for (const sealed of KINDS) {
      const text = await envelopes.seal(sealed, { same: true }, seconds(1))
      for (const opened of KINDS)
        expect((await envelopes.open(opened, text)) !== undefined).toBe(sealed === opened)
    }
    const heads = await Promise.all(
      KINDS.map(async (kind) => (await envelopes.seal(kind, 1, seconds(1))).split('.')[0]),
    )
    expect(new Set(heads).size).toBe(KINDS.length)
  })

  it('what opened once opens again, as its own kind only', async () => {
    const text = await envelopes.seal('code', { id: 1 }, seconds(1))
    const opened = await envelopes.open('code', text)
    expect(await envelopes.open('code', text)).toEqual(opened)
    for (const kind of KINDS.filter((other) => other !== 'code'))
      expect(await envelopes.open(kind, text)).toBeUndefined()
    for (const flipped of bitFlips(text)) expect(await envelopes.open('code', flipped)).toBeUndefined()
  })

  it.each<[EnvelopeKind, boolean]>([
    ['access_token', true],
    ['signing_key', false],
  ])('what opened is remembered, but no private key: %s', async (kind, remembered) => {
    const text = await envelopes.seal(kind, { d: 'x' }, null)
    const opened = await envelopes.open(kind, text)
    const again = await envelopes.open(kind, text)
    expect(again).toEqual(opened)
    expect(again === opened).toBe(remembered)
  })

  it('every flipped bit is refused', async () => {
    await fc.assert(
      fc.asyncProperty(anyKind, anyData, anyExpiry, async (kind, data, expiresAt) => {
        for (const forged of bitFlips(await envelopes.seal(kind, data, expiresAt))) {
          expect(await envelopes.open(kind, forged)).toBeUndefined()
        }
      }),
      { numRuns: 15 },
    )
  })

  it('every truncation, extension and changed character is refused', async () => {
    await fc.assert(
      fc.asyncProperty(anyKind, anyData, anyExpiry, async (kind, data, expiresAt) => {
        const text = await envelopes.seal(kind, data, expiresAt)
        for (let length = 0; length < text.length; length += 1) {
          expect(await envelopes.open(kind, text.slice(0, length))).toBeUndefined()
          expect(await envelopes.open(kind, text.slice(text.length - length))).toBeUndefined()
          const changed = text[length] === 'A' ? 'B' : 'A'
          expect(
            await envelopes.open(kind, text.slice(0, length) + changed + text.slice(length + 1)),
          ).toBeUndefined()
        }
        for (const more of ['A', 'AAAA', '=', '.', ' ', '.A', '\n']) {
          expect(await envelopes.open(kind, text + more)).toBeUndefined()
          expect(await envelopes.open(kind, more + text)).toBeUndefined()
        }
      }),
      { numRuns: 15 },
    )
  })

  it('no text whatever opens, throws or reads', async () => {
    const base64 = fc.stringMatching(/^[A-Za-z0-9_-]{0,120}$/)
    const dotted = fc.tuple(base64, base64).map((parts) => parts.join('.'))
    await fc.assert(
      fc.asyncProperty(
        anyKind,
        fc.oneof(fc.string({ unit: 'binary' }), base64, dotted),
        async (kind, text) => {
          expect(await envelopes.open(kind, text)).toBeUndefined()
        },
      ),
      { numRuns: 500 },
    )
    expect(installation.counts).toMatchObject({ d1: 0, kv: 0 })
  })
})

describe('refusals', () => {
  it('cost no storage read, whatever is wrong', async () => {
    const elsewhere = await envelopes.seal('code', { a: 1 }, seconds(1))
    await install()
    const text = await envelopes.seal('code', { a: 1 }, seconds(1))
    for (const forged of bitFlips(text)) expect(await envelopes.open('code', forged)).toBeUndefined()
    expect(await envelopes.open('code', elsewhere)).toBeUndefined()
    expect(await envelopes.open('session', text)).toBeUndefined()
    expect(installation.counts).toMatchObject({ d1: 0, kv: 0 })
  })

  it('an over-long text is refused even if it would open', async () => {
    const root = await installation.roots().current()
    const head = new Uint8Array([1, ...(fromBase64url(root.id) ?? []), ...new Uint8Array(24)])
    const associated = new TextEncoder().encode('\u0001code')
    const key = root.derive('ladon envelope 1 code')
    const sealed = async (length: number): Promise<string> => {
      const plain = JSON.stringify([null, 'x'.repeat(length)])
      const parameters = { key, nonce: new Uint8Array(24), associated }
      return `${toBase64url(head)}.${toBase64url(await aeadSeal(parameters, new TextEncoder().encode(plain)))}`
    }
    expect(await envelopes.open('code', await sealed(12_000))).toMatchObject({ expiresAt: null })
    expect(await envelopes.open('code', await sealed(13_000))).toBeUndefined()
  })

  it('an over-long text is never made', async () => {
    const text = await envelopes.seal('code', 'x'.repeat(12_000), null)
    expect(await envelopes.open('code', text)).toMatchObject({ expiresAt: null })
    expect(text.length).toBeLessThan(MAX_ENVELOPE_LENGTH)
    const tooLarge = envelopes.seal('code', 'x'.repeat(13_000), null)
    await expect(tooLarge).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

it('a token-sized envelope stays below 255 characters', async () => {
  const data = [`1${'o'.repeat(43)}`, crypto.randomUUID(), 12, 'instance-of-client', 3]
  expect((await envelopes.seal('refresh_token', data, seconds(1_790_000_000))).length).toBeLessThan(255)
})

describe('format 1', () => {
  // Made by the first release; must open for ever, and today's release must still write it so.
  const sample =
    'AXNhbXBsZdEfHvC8WOZQ5jg7-xR-dz-XxtBtgSwkIA._CSWUEH_pG8NtLDRWWYSc85nGIoEgIe_o35Rmjss9ne0E8H3Pa5rnf51hDCfCUjH2QXqhPiMMQsM9mJRsv8C4mbd'
  const content = { owner: '1abc', n: 7, text: 'ünï' }

  it('is read and written as ever', async () => {
    const over = (await emptyInstallation()).envelopes()
    const { id, sealed, createdAt } = SAMPLE_ROW
    const insert = testEnv().DB.prepare('INSERT INTO root_keys (id, sealed, created_at) VALUES (?, ?, ?)')
    await insert.bind(id, sealed, createdAt).run()
    expect(await over.open('code', sample)).toEqual({ expiresAt: 1_790_000_000, data: content })
    expect(await over.seal('code', content, seconds(1_790_000_000))).toBe(sample)
  })
})
