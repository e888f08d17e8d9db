import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { runLadon } from './run.ts'

let server: RunningServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(() => server.stop())

const ladon = (line: string, input = '') =>
  runLadon(line.split(' '), {
    env: { LADON_URL: server.base, LADON_ADMIN_KEY: server.adminKey },
    input,
  })

const pem = (type: 'rsa' | 'ec' | 'ed25519'): string => {
  const { privateKey } = {
    rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ec: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ed25519: () => generateKeyPairSync('ed25519'),
  }[type]()
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

const kidsIn = async (set: string): Promise<string[]> => (await ladon(`key list ${set} -q`)).out.split('\n')

describe('key import', () => {
  it.each([
    ['rsa', 'RS256'],
    ['ec', 'ES256'],
    ['ed25519', 'EdDSA'],
  ] as const)(
    'of the same key without an id twice, as after a lost answer, is of one: %s',
    async (type, alg) => {
      const key = pem(type)
      for (const _ of [1, 2])
        expect(await ladon(`key import twice-${type} --alg ${alg}`, key)).toMatchObject({ code: 0, err: '' })
      expect(await kidsIn(`twice-${type}`)).toHaveLength(1)
      await ladon(`key import twice-${type} --alg ${alg}`, pem(type))
      expect(await kidsIn(`twice-${type}`)).toHaveLength(2)
    },
  )

  it('of several keys tells which is refused, and imports the others', async () => {
    const made = JSON.parse((await ladon('key new source --alg ES256 --format json')).out).keys[0]
    const keys = [
      { ...made, kid: 'one' },
      { ...made, kid: 'bad', x: 'AAAA' },
      { ...made, kid: 'two' },
    ]
    const { code, out, err } = await ladon('key import several --format json', JSON.stringify({ keys }))
    expect([code, JSON.parse(out).keys.map(({ kid }: { kid: string }) => kid)]).toEqual([1, ['one', 'two']])
    expect(err).toMatch(/^bad: The server refused \(400\)/)
    expect((await kidsIn('several')).toSorted()).toEqual(['one', 'two'])
  })
})

describe('client import', () => {
  it('of one page of a list says that there are more, and where; of all its pages nothing', async () => {
    const page = (ids: readonly string[], next: string): string =>
      JSON.stringify({
        items: ids.map((id) => ({ client_id: id, grant_types: ['client_credentials'] })),
        next_page_token: next,
        is_last_page: next === '',
      })
    const first = await ladon('client import -q', page(['a'], 'TOKEN'))
    expect([first.code, first.out]).toEqual([0, 'a'])
    expect(first.err).toMatch(/^Warning: .*only a page .*--page-token TOKEN/)
    expect(await ladon('client import -q', page(['b'], ''))).toMatchObject({ code: 0, out: 'b', err: '' })
  })
})
