import { describe, expect, it } from 'vitest'
import { type AeadParameters, aeadOpen, aeadSeal } from '../../src/crypto/aead.ts'

const text = new TextEncoder()
const parameters: AeadParameters = {
  key: new Uint8Array(32).fill(1),
  nonce: new Uint8Array(24).fill(2),
  associated: text.encode('kind'),
}
const plain = text.encode('what is inside')

describe('authenticated encryption', () => {
  it.each([0, 1, 14, 16, 12_000])('gives %d bytes back, 16 longer in between', (length) => {
    const content = crypto.getRandomValues(new Uint8Array(length))
    const box = aeadSeal(parameters, content)
    expect(box.byteLength).toBe(length + 16)
    expect(aeadOpen(parameters, box)).toEqual(content)
  })

  it('is AES-256-GCM under HMAC-SHA-256 of key and nonce, as WebCrypto computes them', async () => {
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    const master = await crypto.subtle.importKey('raw', parameters.key, hmac, false, ['sign'])
    const raw = await crypto.subtle.sign('HMAC', master, parameters.nonce)
    const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt'])
    const gcm = { name: 'AES-GCM', iv: new Uint8Array(12), additionalData: parameters.associated }
    const expected = new Uint8Array(await crypto.subtle.encrypt(gcm, key, plain))
    expect(aeadSeal(parameters, plain)).toEqual(expected)
  })

  const other = (change: Partial<AeadParameters>): AeadParameters => ({ ...parameters, ...change })
  const box = aeadSeal(parameters, plain)
  it.each<[string, AeadParameters, Uint8Array]>([
    ['another key', other({ key: new Uint8Array(32) }), box],
    ['another nonce', other({ nonce: new Uint8Array(24) }), box],
    ['other associated data', other({ associated: text.encode('Kind') }), box],
    ['a changed byte', parameters, box.map((byte, index) => (index === 3 ? byte ^ 1 : byte))],
    ['a changed tag', parameters, box.map((byte, index) => (index === box.length - 1 ? byte ^ 1 : byte))],
    ['a cut tag', parameters, box.subarray(0, -1)],
    ['less than a tag', parameters, box.subarray(0, 15)],
    ['nothing', parameters, new Uint8Array(0)],
  ])('does not open with %s', (_, given, bytes) => {
    expect(aeadOpen(given, bytes)).toBeUndefined()
  })
})
