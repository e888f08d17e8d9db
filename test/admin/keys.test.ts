import {
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { KEY_ALGORITHMS } from '../../src/keys/material.ts'
import { ACCESS_TOKEN_SET, ID_TOKEN_SET } from '../../src/keys/ring.ts'
import { ADMIN_KEY, bodyOf, Deployment, ISSUER, testEnv } from '../support/deployment.ts'
import { withOutage } from '../support/outage.ts'
import { logIn, registerClient, type TestClient, tokenRequest } from '../support/relying-party.ts'

const MALFORMED = 'The request was malformed or contained invalid parameters'
const EXISTS = 'Unable to insert or update resource because a resource with that value exists already'
const missing = (what: string): string => `There is no ${what}. Check the id: it may have been deleted.`
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi']
const BUILT_IN = [ID_TOKEN_SET, ACCESS_TOKEN_SET]
const KEYS_ONLY = 'key-for-the-keys-only'
const KEYS_WRITE = 'key-for-writing-keys-only'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
  readonly keys: readonly JWK[]
}

let lines: Record<string, unknown>[]
let deployment: Deployment
let set = ''

beforeEach(async () => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(JSON.parse(line)))
  deployment = new Deployment(
    testEnv({ ADMIN_API_KEYS: `${ADMIN_KEY},keys:${KEYS_ONLY},keys:write:${KEYS_WRITE}` }),
  )
  set = `set-${crypto.randomUUID()}`
  for (const name of BUILT_IN) await call('DELETE', name)
  lines = []
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

async function call(method: string, path: string, body?: unknown, key = ADMIN_KEY): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await deployment.fetch(`/admin/keys/${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: text }),
  })
  const { status, headers } = response
  const content = status === 204 ? {} : await bodyOf(response)
  return { status, headers, body: content, keys: Array.isArray(content['keys']) ? content['keys'] : [] }
}

const later = (seconds: number): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}
/** The audit lines of changes; those of looks at private keys are for key-export.test.ts. */
const audits = (): readonly unknown[] =>
  lines.filter(({ kind, event }) => kind === 'audit' && /^key\.(?!exported)/.test(String(event)))
const kids = (keys: readonly JWK[]): readonly unknown[] => keys.map(({ kid }) => kid)
const members = (key: JWK | undefined): readonly string[] => Object.keys(key ?? {}).sort()

async function makeJwk(alg: string, kid: string, changes: object = {}): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { modulusLength: 2048, extractable: true })
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig', ...changes }
}
const publicHalf = (jwk: JWK): JWK =>
  Object.fromEntries(Object.entries(jwk).filter(([name]) => !PRIVATE.includes(name)))

async function verifies(publicJwk: JWK | undefined, privateJwk: JWK | undefined): Promise<boolean> {
  const alg = privateJwk?.alg ?? ''
  const jws = await new CompactSign(new Uint8Array(3))
    .setProtectedHeader({ alg })
    .sign(await importJWK(privateJwk ?? {}, alg))
  return compactVerify(jws, await importJWK(publicJwk ?? {}, alg)).then(
    () => true,
    () => false,
  )
}

describe('POST /admin/keys/{set}', () => {
  it.each(KEY_ALGORITHMS)(
    '%s: makes a key pair that signs, of Hydra’s size',
    async (alg) => {
      const { status, headers, keys } = await call('POST', set, { alg, use: 'sig', kid: 'mine' })
      expect([status, headers.get('location')]).toEqual([201, `${ISSUER}/keys/${set}`])
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
      const material = {
        R: ['d', 'dp', 'dq', 'e', 'n', 'p', 'q', 'qi'],
        P: ['d', 'dp', 'dq', 'e', 'n', 'p', 'q', 'qi'],
        E: alg === 'EdDSA' ? ['crv', 'd', 'x'] : ['crv', 'd', 'x', 'y'],
      }[alg.charAt(0)]
      expect(keys).toHaveLength(1)
      expect(members(keys[0])).toEqual([...(material ?? []), 'alg', 'kid', 'kty', 'use'].sort())
      expect(keys[0]).toMatchObject({ alg, use: 'sig', kid: 'mine' })
      if (keys[0]?.kty === 'RSA') expect(keys[0].n).toHaveLength(683)
      const [published] = (await call('GET', set, undefined, KEYS_ONLY)).keys
      expect(await verifies(published, keys[0])).toBe(true)
      expect(audits()).toMatchObject([{ event: 'key.created', set, kid: 'mine', alg }])
    },
    60_000,
  )

  it.each(BUILT_IN)('in %s, which signs here, makes an RSA key as large as the newest', async (signing) => {
    const bits = async (alg: string): Promise<number> => {
      const [key] = (await call('POST', signing, { alg })).keys
      return Math.floor((key?.n ?? '').length * 0.75) * 8
    }
    expect(await bits('RS256')).toBe(2048)
    await call('POST', signing, { alg: 'ES256' })
    expect(await bits('PS256')).toBe(2048)
    const { privateKey } = await generateKeyPair('RS256', { modulusLength: 3072, extractable: true })
    const large = { ...(await exportJWK(privateKey)), kid: 'large', alg: 'RS256', use: 'sig' }
    await call('PUT', `${signing}/large`, large)
    expect(await bits('RS256')).toBe(3072)
  })

  it.each(['RS256', 'PS256', 'ES256'])('adds a key beside one that does not open: %s', async (alg) => {
    await call('PUT', ID_TOKEN_SET, { keys: [await makeJwk('RS256', 'damaged')] })
    await deployment.env.DB.prepare(`UPDATE json_web_keys SET private_sealed = '' WHERE "set" = ?`)
      .bind(ID_TOKEN_SET)
      .run()
    const { status, keys } = await call('POST', ID_TOKEN_SET, { alg, kid: 'whole' })
    expect([status, kids(keys)]).toEqual([201, ['whole']])
    expect(keys[0]?.n?.length ?? 342).toBe(342)
  })

  it.each([{}, { kid: '', use: '' }, { kid: null, use: null }, { use: 'enc', unknown: 1 }])(
    'kid and use may be left out: %j',
    async (given) => {
      const { status, keys } = await call('POST', set, { alg: 'ES256', ...given })
      expect(status).toBe(201)
      expect(keys[0]?.kid).toMatch(/^[0-9a-f-]{36}$/)
      expect(keys[0]?.use).toBe(given.use === 'enc' ? 'enc' : 'sig')
    },
  )

  it('adds to the set, newest first, however close together', async () => {
    for (const kid of ['b', 'c', 'a']) await call('POST', set, { alg: 'EdDSA', kid })
    expect(kids((await call('GET', set)).keys)).toEqual(['a', 'c', 'b'])
  })

  it('answers 409 for a kid the set has, also in a race, and keeps the key', async () => {
    const race = Array.from({ length: 4 }, () => call('POST', set, { alg: 'EdDSA', kid: 'k' }))
    const answers = await Promise.all(race)
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])
    const winner = answers.find(({ status }) => status === 201)
    expect(await call('POST', set, { alg: 'EdDSA', kid: 'k' })).toMatchObject({
      status: 409,
      body: { error: EXISTS },
    })
    expect((await call('GET', set)).keys).toEqual(winner?.keys)
    expect((await call('POST', `${set}-other`, { alg: 'EdDSA', kid: 'k' })).status).toBe(201)
  })

  it.each([
    ['HS256', { alg: 'HS256' }, 'Bad Request'],
    ['HS512', { alg: 'HS512' }, 'Bad Request'],
    ['an unknown algorithm', { alg: 'RS1' }, 'Bad Request'],
    ['none', { alg: 'none' }, 'Bad Request'],
    ['no algorithm', { kid: 'k' }, 'Bad Request'],
    ['an algorithm that is no text', { alg: 5 }, MALFORMED],
    ['a long kid', { alg: 'EdDSA', kid: 'k'.repeat(256) }, MALFORMED],
    ['a kid with control characters', { alg: 'EdDSA', kid: 'a\u0000' }, MALFORMED],
    ['an unknown use', { alg: 'EdDSA', use: 'x' }, MALFORMED],
    ['no object', [], MALFORMED],
    ['no JSON', '{', MALFORMED],
    ['nothing', '', MALFORMED],
  ])('refuses %s and stores nothing', async (_name, body, error) => {
    expect(await call('POST', set, body)).toMatchObject({ status: 400, body: { error } })
    expect((await call('GET', set)).status).toBe(404)
    expect(audits()).toEqual([])
  })

  it('keeps a set to 50 keys', async () => {
    const keys = await Promise.all(Array.from({ length: 50 }, (_, index) => makeJwk('EdDSA', `k${index}`)))
    expect((await call('PUT', set, { keys })).status).toBe(200)
    expect(await call('POST', set, { alg: 'EdDSA' })).toMatchObject({
      status: 400,
      body: { error: MALFORMED },
    })
    expect((await call('PUT', `${set}/other`, { ...keys[0], kid: 'other' })).status).toBe(400)
    expect((await call('PUT', `${set}/k7`, { ...keys[0], kid: 'k7' })).status).toBe(200)
    expect((await call('GET', set)).keys).toHaveLength(50)
  })

  it('takes names that need escaping, and refuses long ones', async () => {
    const name = 'https://issuer.example/a b?c#d'
    const path = encodeURIComponent(name)
    const { headers } = await call('POST', path, { alg: 'EdDSA', kid: 'x/y' })
    expect(headers.get('location')).toBe(`${ISSUER}/keys/${path}`)
    expect(kids((await call('GET', `${path}/${encodeURIComponent('x/y')}`)).keys)).toEqual(['x/y'])
    expect(audits()).toMatchObject([{ set: name }])
    const long = 's'.repeat(256)
    expect((await call('POST', long, { alg: 'EdDSA' })).status).toBe(400)
    expect((await call('PUT', long, { keys: [] })).status).toBe(400)
    expect((await call('GET', long)).status).toBe(404)
    expect((await call('DELETE', long)).status).toBe(204)
  })
})

describe('GET', () => {
  it('answers the set, or a set of the one key', async () => {
    await call('POST', set, { alg: 'EdDSA', kid: 'a' })
    await call('POST', set, { alg: 'ES256', kid: 'b' })
    const all = await call('GET', set)
    expect([all.status, kids(all.keys)]).toEqual([200, ['b', 'a']])
    const one = await call('GET', `${set}/a`)
    expect([one.status, one.body]).toEqual([200, { keys: [all.keys[1]] }])
    const unprefixed = await deployment.admin('GET', `/keys/${set}/a`)
    expect(await bodyOf(unprefixed)).toEqual(one.body)
  })

  it('answers 404 for what is not there, and makes nothing', async () => {
    await call('POST', set, { alg: 'EdDSA', kid: 'a' })
    for (const kid of ['unknown', 'a'])
      expect(await call('GET', kid === 'a' ? 'unknown/a' : `${set}/${kid}`)).toMatchObject({
        status: 404,
        body: { error: 'Unable to locate the resource', error_description: missing(`key '${kid}'`) },
      })
    for (const path of ['unknown', ID_TOKEN_SET])
      expect(await call('GET', path)).toMatchObject({
        status: 404,
        body: {
          error: 'Not Found',
          error_description: `${missing(`key set '${path}'`)} Unable to locate the requested resource`,
        },
      })
  })
})

describe('PUT /admin/keys/{set}', () => {
  it('replaces all keys, keeps their order, and gives them back', async () => {
    await call('POST', set, { alg: 'EdDSA', kid: 'old' })
    const keys = [await makeJwk('RS256', 'r'), await makeJwk('ES384', 'e'), await makeJwk('EdDSA', 'd')]
    const put = await call('PUT', set, { keys })
    expect([put.status, put.keys]).toEqual([200, keys])
    expect((await call('GET', set)).keys).toEqual(keys)
    expect(audits().at(-1)).toMatchObject({ event: 'key.replaced', set, kids: ['r', 'e', 'd'] })
  })

  it('takes what GET gave, and an empty set', async () => {
    for (const alg of ['EdDSA', 'PS256', 'ES512']) await call('POST', set, { alg })
    const { body } = await call('GET', set)
    expect((await call('PUT', set, body)).body).toEqual(body)
    expect((await call('GET', set)).body).toEqual(body)
    expect(await call('PUT', set, { keys: [] })).toMatchObject({ status: 200, body: { keys: [] } })
    expect((await call('GET', set)).status).toBe(404)
  })

  it('takes public keys, fills in alg and use, keeps certificates, drops the unknown', async () => {
    const given = publicHalf(
      await makeJwk('ES384', 'p', { x5c: ['QUJD'], key_ops: ['verify'], ext: true, oth: 1 }),
    )
    const { alg: _alg, use: _use, ...bare } = given
    const [shown] = (await call('PUT', set, { keys: [bare] })).keys
    expect(members(shown)).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'x5c', 'y'])
    expect(shown).toMatchObject({ alg: 'ES384', use: 'sig', x5c: ['QUJD'], x: given.x })
  })

  it('names a key without kid by its thumbprint, and takes null for what it may lack', async () => {
    const { kid: _, ...bare } = await makeJwk('ES256', 'p')
    for (const kid of [undefined, null, '']) {
      const given = { ...bare, kid, use: null, alg: null, x5c: null, n: null }
      const [shown] = (await call('PUT', set, { keys: [given] })).keys
      expect(shown).toEqual({ ...bare, kid: await calculateJwkThumbprint(bare), use: 'sig', alg: 'ES256' })
    }
  })

  const broken: readonly [string, () => Promise<unknown> | unknown, number?][] = [
    ['no JSON', () => '{'],
    ['no object', () => []],
    ['no keys', () => ({})],
    ['keys that are no array', () => ({ keys: {} })],
    ['an entry that is no object', () => ({ keys: [null] })],
    ['a symmetric key', () => ({ keys: [{ kty: 'oct', kid: 'k', alg: 'HS256', k: 'c2VjcmV0' }] })],
    ['an unknown type', () => ({ keys: [{ kty: 'X', kid: 'k' }] })],
    ['a kid that no path can hold', async () => ({ keys: [await makeJwk('EdDSA', '..')] })],
    ['an unknown algorithm', async () => ({ keys: [await makeJwk('EdDSA', 'k', { alg: 'HS256' })] })],
    ['an algorithm of another type', async () => ({ keys: [await makeJwk('ES256', 'k', { alg: 'RS256' })] })],
    [
      'an algorithm of another curve',
      async () => ({ keys: [await makeJwk('ES256', 'k', { alg: 'ES384' })] }),
    ],
    ['a point off the curve', async () => ({ keys: [await makeJwk('ES256', 'k', { y: 'AAAA' })] })],
    [
      'a curve that cannot sign',
      () => ({ keys: [{ kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43), kid: 'k' }] }),
    ],
    ['missing material', () => ({ keys: [{ kty: 'RSA', kid: 'k', alg: 'RS256' }] })],
    ['material that is no text', async () => ({ keys: [await makeJwk('EdDSA', 'k', { x: 5 })] })],
    [
      'halves of two Ed25519 keys',
      async () => ({ keys: [{ ...(await makeJwk('EdDSA', 'k')), x: (await makeJwk('EdDSA', 'k')).x }] }),
    ],
    [
      'halves of two RSA keys',
      async () => ({ keys: [{ ...(await makeJwk('RS256', 'k')), n: (await makeJwk('RS256', 'k')).n }] }),
    ],
    ['a short RSA key', () => ({ keys: [{ kty: 'RSA', kid: 'k', e: 'AQAB', n: `${'A'.repeat(170)}A` }] })],
    ['a giant RSA key', () => ({ keys: [{ kty: 'RSA', kid: 'k', e: 'AQAB', n: 'A'.repeat(2000) }] })],
    ['a giant chain', async () => ({ keys: [await makeJwk('EdDSA', 'k', { x5c: ['A'.repeat(10_000)] })] })],
    [
      '51 keys',
      async () => {
        const jwk = await makeJwk('EdDSA', 'k')
        return { keys: Array.from({ length: 51 }, (_, index) => ({ ...jwk, kid: `k${index}` })) }
      },
    ],
    [
      'one kid twice',
      async () => ({ keys: [await makeJwk('EdDSA', 'k'), await makeJwk('EdDSA', 'k')] }),
      409,
    ],
  ]
  it.each(broken)('refuses %s and changes nothing', async (_name, make, status = 400) => {
    const { keys } = await call('POST', set, { alg: 'EdDSA', kid: 'kept' })
    const error = status === 409 ? EXISTS : MALFORMED
    expect(await call('PUT', set, await make())).toMatchObject({ status, body: { error } })
    expect((await call('GET', set)).keys).toEqual(keys)
  })
})

describe('PUT /admin/keys/{set}/{kid}', () => {
  it('replaces one key, which becomes the newest, and answers it alone', async () => {
    for (const kid of ['a', 'b', 'c']) await call('POST', set, { alg: 'EdDSA', kid })
    const jwk = await makeJwk('ES256', 'a')
    const { status, body } = await call('PUT', `${set}/a`, jwk)
    expect([status, body]).toEqual([200, jwk])
    const { keys } = await call('GET', set)
    expect([kids(keys), keys[0]]).toEqual([['a', 'c', 'b'], jwk])
    expect(audits().at(-1)).toMatchObject({ event: 'key.replaced', set, kids: ['a'] })
  })

  it('adds a key that was not there, to a set that was not there', async () => {
    const { kid: _kid, ...jwk } = await makeJwk('EdDSA', 'n')
    expect(await call('PUT', `${set}/n`, jwk)).toMatchObject({ status: 200, body: { ...jwk, kid: 'n' } })
    expect(kids((await call('GET', set)).keys)).toEqual(['n'])
  })

  it('refuses a body with another kid, or that is no key', async () => {
    const { keys } = await call('POST', set, { alg: 'EdDSA', kid: 'a' })
    for (const body of [await makeJwk('EdDSA', 'b'), { kid: 'a' }, { kid: 5 }, [], 'x', '{']) {
      expect(await call('PUT', `${set}/a`, body)).toMatchObject({ status: 400, body: { error: MALFORMED } })
    }
    expect((await call('GET', set)).keys).toEqual(keys)
  })
})

describe('DELETE', () => {
  it('removes a key, or the set; nothing there is 204 too and no audit line', async () => {
    for (const kid of ['a', 'b', 'c']) await call('POST', set, { alg: 'EdDSA', kid })
    expect((await call('DELETE', `${set}/b`)).status).toBe(204)
    expect(kids((await call('GET', set)).keys)).toEqual(['c', 'a'])
    expect((await call('DELETE', set)).status).toBe(204)
    expect((await call('GET', set)).status).toBe(404)
    expect(audits().slice(-2)).toMatchObject([
      { event: 'key.deleted', set, kids: ['b'] },
      { event: 'key.deleted', set, kids: expect.arrayContaining(['a', 'c']) },
    ])
    const before = audits().length
    expect((await call('DELETE', `${set}/b`)).status).toBe(204)
    expect((await call('DELETE', set)).status).toBe(204)
    expect(audits()).toHaveLength(before)
  })
})

describe('a name that no path can hold', () => {
  it.each(['.', '..'])('is no kid: %s', async (kid) => {
    expect(await call('POST', set, { alg: 'EdDSA', kid })).toMatchObject({
      status: 400,
      body: { error: MALFORMED },
    })
    expect(await call('GET', set)).toMatchObject({ status: 404 })
  })

  it.each(['.', '%2e', '%2E', ''])('deletes no set as a kid: %s', async (spelling) => {
    const { keys } = await call('POST', set, { alg: 'EdDSA', kid: 'kept' })
    expect(await call('DELETE', `${set}/${spelling}`)).toMatchObject({
      status: 400,
      body: { error: MALFORMED },
    })
    expect((await call('GET', set)).keys).toEqual(keys)
  })
})

describe('who may see what', () => {
  it('private members go to keys of scope all only, in every answer', async () => {
    const jwk = await makeJwk('ES256', 'p')
    const calls: readonly [string, string, unknown?][] = [
      ['POST', set, { alg: 'RS256', kid: 'r' }],
      ['PUT', `${set}/p`, jwk],
      ['GET', set],
      ['GET', `${set}/p`],
      ['PUT', set, { keys: [jwk] }],
    ]
    for (const [method, path, body] of calls) {
      const { body: limited } = await call(method, path, body, KEYS_WRITE)
      const shown = JSON.stringify(limited)
      expect(shown).toContain('"alg":')
      for (const name of PRIVATE) expect(shown).not.toContain(`"${name}":`)
    }
    expect((await call('GET', set)).keys).toEqual([jwk])
    const open = new Deployment(testEnv({ ADMIN_AUTH: 'open' }))
    expect(await bodyOf(await open.fetch(`/admin/keys/${set}`))).toEqual({ keys: [jwk] })
  })

  it.each(['GET', 'POST', 'PUT', 'DELETE'])('%s needs a key of scope keys', async (method) => {
    const env = testEnv({ ADMIN_API_KEYS: 'clients:key-for-the-clients' })
    for (const path of [set, `${set}/k`]) {
      if (method === 'POST' && path !== set) continue
      const request = (key: string): Promise<Response> =>
        new Deployment(env).fetch(`/admin/keys/${path}`, {
          method,
          headers: { authorization: `Bearer ${key}` },
        })
      expect((await request('key-for-the-clients')).status).toBe(403)
      expect((await request('key-of-nobody-at-all')).status).toBe(401)
    }
  })

  it('the database holds no private member', async () => {
    await call('POST', set, { alg: 'RS256', kid: 'r' })
    await call('PUT', `${set}/p`, await makeJwk('ES256', 'p'))
    const { results } = await deployment.env.DB.prepare('select * from json_web_keys where "set" = ?')
      .bind(set)
      .all()
    expect(results).toHaveLength(2)
    for (const name of PRIVATE) expect(JSON.stringify(results)).not.toContain(`\\"${name}\\":`)
  })

  it('a sealed key moved to another set or kid does not open, and can be deleted', async () => {
    await call('POST', set, { alg: 'EdDSA', kid: 'a' })
    await call('POST', `${set}-2`, { alg: 'EdDSA', kid: 'a' })
    const move =
      'update json_web_keys set private_sealed = (select private_sealed from json_web_keys where "set" = ?1) where "set" = ?2'
    await deployment.env.DB.prepare(move).bind(set, `${set}-2`).run()
    expect(await call('GET', `${set}-2`)).toMatchObject({ status: 503, body: { error: 'misconfiguration' } })
    expect((await call('DELETE', `${set}-2`)).status).toBe(204)
  })

  it('storage down: 503 everywhere', async () => {
    const outage = withOutage(testEnv())
    outage.down = true
    const away = new Deployment(outage.env)
    for (const [method, path, body] of [
      ['GET', set],
      ['POST', set, { alg: 'EdDSA' }],
      ['PUT', set, { keys: [] }],
      ['PUT', `${set}/k`, await makeJwk('EdDSA', 'k')],
      ['DELETE', set],
    ] as const) {
      const answer = await away.admin(method, `/admin/keys/${path}`, body)
      expect([answer.status, (await bodyOf(answer))['error']]).toEqual([503, 'temporarily_unavailable'])
    }
  })
})

describe('the built-in sets sign and verify', () => {
  let client: TestClient
  const jwks = async (where = deployment): Promise<readonly JWK[]> => {
    const { keys } = await (await where.fetch('/.well-known/jwks.json')).json<{ keys: readonly JWK[] }>()
    return keys
  }
  const kidOf = (jwt: string): string => String(decodeProtectedHeader(jwt).kid)
  const issue = async (where = deployment): Promise<string> => {
    const body = await bodyOf(await tokenRequest(where, client, { grant_type: 'client_credentials' }))
    return String(body['access_token'])
  }

  beforeEach(async () => {
    client = await registerClient(deployment, { access_token_strategy: 'jwt' })
  })

  it.each(KEY_ALGORITHMS)(
    '%s: a set of one key signs ID tokens and access tokens with it at once',
    async (alg) => {
      for (const name of BUILT_IN) await call('PUT', name, { keys: [await makeJwk(alg, `${name}-${alg}`)] })
      const tokens = await logIn(deployment, client)
      const published = await jwks()
      for (const jwt of [tokens.id_token, tokens.access_token]) {
        expect(decodeProtectedHeader(jwt).alg).toBe(alg)
        const key = published.find(({ kid }) => kid === kidOf(jwt))
        await compactVerify(jwt, await importJWK(key ?? {}, alg))
      }
      expect(await deployment.introspect(tokens.access_token)).toMatchObject({ active: true })
      const hint = await deployment.fetch(`/oauth2/sessions/logout?id_token_hint=${tokens.id_token}`)
      expect(hint.headers.get('location')).not.toContain('error')
    },
  )

  it('a further key is published at once and signs after four minutes; the older verifies on', async () => {
    const first = await issue()
    const elsewhere = new Deployment(testEnv())
    expect(await elsewhere.introspect(first)).toMatchObject({ active: true })
    const { keys } = await call('POST', ACCESS_TOKEN_SET, { alg: 'ES256', kid: 'next' })
    expect(kids(keys)).toEqual(['next'])
    expect(kids(await jwks())).toEqual(expect.arrayContaining(['next', kidOf(first)]))
    expect(kidOf(await issue())).toBe(kidOf(first))
    later(241)
    const second = await issue()
    expect([kidOf(second), kidOf(await issue(elsewhere))]).toEqual(['next', 'next'])
    for (const token of [first, second]) {
      expect(await elsewhere.introspect(token)).toMatchObject({ active: true })
    }
  })

  it('of keys stored together, the first signs after four minutes', async () => {
    const keys = [await makeJwk('ES256', 'b'), await makeJwk('ES256', 'a'), await makeJwk('ES256', 'c')]
    await call('PUT', ACCESS_TOKEN_SET, { keys })
    expect(kidOf(await issue())).toBe('c')
    later(241)
    expect(kidOf(await issue())).toBe('b')
  })

  it('a replaced key signs; its predecessor’s tokens end here at once and elsewhere within 60 s', async () => {
    const first = await issue()
    const elsewhere = new Deployment(testEnv())
    expect(await elsewhere.introspect(first)).toMatchObject({ active: true })
    await call('PUT', ACCESS_TOKEN_SET, { keys: [await makeJwk('ES256', 'imported')] })
    const second = await issue()
    expect(kidOf(second)).toBe('imported')
    expect(await elsewhere.introspect(second)).toMatchObject({ active: true })
    expect(await deployment.introspect(first)).toEqual({ active: false })
    later(60)
    expect(await elsewhere.introspect(first)).toEqual({ active: false })
    expect(kids(await jwks(elsewhere))).not.toContain(kidOf(first))
  })

  it('a deleted set gets a new key on next use, here at once and elsewhere within 60 s', async () => {
    const first = await issue()
    const elsewhere = new Deployment(testEnv())
    await issue(elsewhere)
    expect((await call('DELETE', ACCESS_TOKEN_SET)).status).toBe(204)
    const second = await issue()
    expect(kidOf(second)).not.toBe(kidOf(first))
    expect(await deployment.introspect(first)).toEqual({ active: false })
    expect(await elsewhere.introspect(second)).toMatchObject({ active: true })
    later(60)
    expect(kidOf(await issue(elsewhere))).toBe(kidOf(second))
    expect(kids((await call('GET', ACCESS_TOKEN_SET)).keys)).toEqual([kidOf(second)])
  })

  it('imported public keys verify and never sign', async () => {
    const jwk = await makeJwk('ES256', 'partner')
    await call('PUT', ACCESS_TOKEN_SET, { keys: [publicHalf(jwk)] })
    const token = await issue()
    expect(kidOf(token)).not.toBe('partner')
    expect(await deployment.introspect(token)).toMatchObject({ active: true })
    expect(kids(await jwks())).toEqual(expect.arrayContaining(['partner', kidOf(token)]))
    later(3600)
    expect(kidOf(await issue())).toBe(kidOf(token))
  })
})

describe('WEBFINGER_JWKS_BROADCAST_KEYS', () => {
  it('adds the public halves of further sets, newest first; a set without keys gets one', async () => {
    const env = testEnv({ WEBFINGER_JWKS_BROADCAST_KEYS: `${set},${ID_TOKEN_SET},${set}-new` })
    for (const kid of ['a', 'b']) await call('POST', set, { alg: 'RS256', kid })
    const body = await bodyOf(await new Deployment(env).fetch('/.well-known/jwks.json'))
    const { keys } = await call('GET', set)
    const made = (await call('GET', `${set}-new`)).keys
    expect(made).toHaveLength(1)
    const [idToken, accessToken] = await Promise.all(
      BUILT_IN.map(async (name) => (await call('GET', name)).keys),
    )
    const expected = [...(idToken ?? []), ...(accessToken ?? []), ...keys, ...made].map(publicHalf)
    expect(body).toEqual({ keys: expected })
    expect(JSON.stringify(await bodyOf(await deployment.fetch('/.well-known/jwks.json')))).not.toContain(
      '"kid":"a"',
    )
  })
})
