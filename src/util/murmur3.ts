const C1 = 0xcc9e2d51
const C2 = 0x1b873593

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

const scramble = (block: number): number => Math.imul(rotate(Math.imul(block, C1), 15), C2)

/**
 * Returns the MurmurHash3 of a text's UTF-8 bytes, x86 32-bit variant with seed 0, as an unsigned integer. Hydra names
 * its CSRF cookies by it (contract 5.3). It is no cryptographic hash.
 */
export function murmur3(text: string): number {
  const bytes = new TextEncoder().encode(text)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.byteLength - (bytes.byteLength % 4)
  let hash = 0
  for (let offset = 0; offset < whole; offset += 4) {
    hash = rotate(hash ^ scramble(view.getUint32(offset, true)), 13)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let offset = bytes.byteLength - 1; offset >= whole; offset -= 1)
    tail = (tail << 8) | view.getUint8(offset)
  hash ^= scramble(tail) ^ bytes.byteLength
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
