import { describe, expect, it } from 'vitest'
import { type AeadParameters, aeadOpen, aeadSeal } from '../../src/crypto/aead.ts'
import { MacKey } from '../../src/crypto/mac-key.ts'

const text = new TextEncoder()
const keyBytes = new Uint8Array(32).fill(1)
const parameters: AeadParameters = {
  key: new MacKey(keyBytes),
  nonce: new Uint8Array(24).fill(2),
  associated: text.encode('kind'),
}
const plain = text.encode('what is inside')

describe('authenticated encryption', () => {
  it.each([0, 1, 14, 16, 12_000])('gives %d bytes back, 16 longer in between', async (length) => {
    const content = crypto.getRandomValues(new Uint8Array(length))
    const box = await aeadSeal(parameters, content)
    expect(box.byteLength).toBe(length + 16)
    expect(await aeadOpen(parameters, box)).toEqual(content)
  })

  it('is AES-256-GCM under HMAC-SHA-256 of key and nonce, step by step', async () => {
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    const master = await crypto.subtle.importKey('raw', keyBytes, hmac, false, ['sign'])
    const raw = await crypto.subtle.sign('HMAC', master, parameters.nonce)
    const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt'])
    const gcm = { name: 'AES-GCM', iv: new Uint8Array(12), additionalData: parameters.associated }
    const expected = new Uint8Array(await crypto.subtle.encrypt(gcm, key, plain))
    expect(await aeadSeal(parameters, plain)).toEqual(expected)
  })

  const other = (change: Partial<AeadParameters>): AeadParameters => ({ ...parameters, ...change })
  const flipped = (box: Uint8Array, at: number): Uint8Array =>
    box.map((byte, index) => (index === at ? byte ^ 1 : byte))
  it.each<[string, AeadParameters, (box: Uint8Array) => Uint8Array]>([
    ['another key', other({ key: new MacKey(new Uint8Array(32)) }), (box) => box],
    ['another nonce', other({ nonce: new Uint8Array(24) }), (box) => box],
    ['other associated data', other({ associated: text.encode('Kind') }), (box) => box],
    ['a changed byte', parameters, (box) => flipped(box, 3)],
    ['a changed tag', parameters, (box) => flipped(box, box.length - 1)],
    ['a cut tag', parameters, (box) => box.subarray(0, -1)],
    ['less than a tag', parameters, (box) => box.subarray(0, 15)],
    ['nothing', parameters, () => new Uint8Array(0)],
  ])('does not open with %s', async (_, given, change) => {
    expect(await aeadOpen(given, change(await aeadSeal(parameters, plain)))).toBeUndefined()
  })
})
