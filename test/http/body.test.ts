import { describe, expect, it } from 'vitest'
import { RequestBody } from '../../src/http/body.ts'
import { readFormEntries } from '../../src/http/form.ts'

const LIMIT = 64 * 1024
const FORM = 'application/x-www-form-urlencoded'

/** A stream of so many bytes in pieces, which tells how many were taken from it. */
function pieces(total: number): { readonly stream: ReadableStream<Uint8Array>; taken: () => number } {
  let taken = 0
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = new Uint8Array(Math.min(1024, total - taken)).fill(97)
        taken += piece.byteLength
        controller.enqueue(piece)
        if (taken === total) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, taken: () => taken }
}

const bodyOf = (body: BodyInit, headers: Readonly<Record<string, string>> = {}): RequestBody =>
  new RequestBody(
    new Request('http://op.example/', {
      method: 'POST',
      body,
      headers: { 'content-type': FORM, ...headers },
    }),
    'form',
  )

const refused = expect.objectContaining({ code: 'body_too_large' })

describe.each<readonly [string, (size: number) => Readonly<Record<string, string>>]>([
  ['with its length stated', (size) => ({ 'content-length': String(size) })],
  ['without a length', () => ({})],
  ['with an empty length', () => ({ 'content-length': '' })],
  ['with a length that is no number', () => ({ 'content-length': '1e3' })],
  ['with a negative length', () => ({ 'content-length': '-5' })],
  ['with too small a length, as only a binding can send it', () => ({ 'content-length': '5' })],
])('a body %s', (_how, headers) => {
  it('is read up to the bound', async () => {
    const { stream } = pieces(LIMIT)
    expect((await bodyOf(stream, headers(LIMIT)).read('form')).byteLength).toBe(LIMIT)
  })

  it('is refused above it', async () => {
    const size = LIMIT + 1
    await expect(bodyOf(pieces(size).stream, headers(size)).read('form')).rejects.toEqual(refused)
  })

  it('gives the same parameters, whatever its bytes', async () => {
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode('a=%C3%A9&b='), 0xff])
    const entries = await readFormEntries(bodyOf(bytes, headers(bytes.byteLength)))
    expect(entries).toEqual([
      ['a', 'é'],
      ['b', '\u{fffd}'],
    ])
    expect(await readFormEntries(bodyOf('', headers(0)))).toEqual([])
  })
})

it('takes nothing of a body that says that it is too long, and little of one that is', async () => {
  const stated = pieces(LIMIT * 16)
  const tooLong = bodyOf(stated.stream, { 'content-length': String(LIMIT * 16) })
  await expect(tooLong.read('form')).rejects.toEqual(refused)
  expect(stated.taken()).toBe(0)
  const unstated = pieces(LIMIT * 16)
  await expect(bodyOf(unstated.stream).read('form')).rejects.toEqual(refused)
  expect(unstated.taken()).toBeLessThan(LIMIT + 4096)
})

it.each(['', 'x', '-5', '1e3', '0x10', '5.0'])('counts what comes where the length is %j', async (length) => {
  const sent = pieces(LIMIT * 16)
  await expect(bodyOf(sent.stream, { 'content-length': length }).read('form')).rejects.toEqual(refused)
  expect(sent.taken()).toBeLessThan(LIMIT + 4096)
})

describe('a form whose bytes are not as many as those of its text', () => {
  it.each<[string, number, number, boolean]>([
    ['30,000 that are no UTF-8', 0xff, 30_000, true],
    ['as many as are taken, none of them UTF-8', 0xff, LIMIT, true],
    ['one more', 0xff, LIMIT + 1, false],
  ])('is taken by its bytes: %s', async (_what, byte, size, taken) => {
    const form = bodyOf(new Uint8Array(size).fill(byte), { 'content-length': '5' })
    const read = form.readText('form')
    if (taken) expect(await read).toBe('\u{fffd}'.repeat(size))
    else await expect(read).rejects.toEqual(refused)
  })

  it.each<[number, boolean]>([
    [0, true],
    [1, false],
  ])('is refused by the bytes of its characters: %d above the bound', async (above, taken) => {
    const text = 'é'.repeat(LIMIT / 2) + 'a'.repeat(above)
    const read = bodyOf(text, { 'content-length': '5' }).readText('form')
    if (taken) expect(await read).toBe(text)
    else await expect(read).rejects.toEqual(refused)
  })
})
