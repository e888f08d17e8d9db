import { exportJWK } from 'jose'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { scheduled } from '../../src/scheduled.ts'
import { rfc3339 } from '../../src/util/rfc3339.ts'
import { makeKey, type TestKey } from '../support/assertions.ts'
import { ADMIN_KEY, bodyOf, Deployment, locationOf, testEnv } from '../support/deployment.ts'
import { TRUST_PATH, trust, trustBody } from '../support/trust.ts'

const deployment = new Deployment()
let key: TestKey
let other: TestKey
let issuer: string

beforeAll(async () => {
  ;[key, other] = await Promise.all([makeKey(), makeKey()])
})

beforeEach(() => {
  issuer = `https://issuer.example/${crypto.randomUUID()}`
})

afterEach(() => {
  vi.useRealTimers()
})

const outcome = async (response: Response) => [response.status, (await bodyOf(response))['error']]
const seconds = (): number => Math.floor(Date.now() / 1000)

describe('trusting an issuer', () => {
  it('answers with the whole entry, which can be read where Location says', async () => {
    const body = trustBody(key, issuer)
    const response = await deployment.admin('POST', TRUST_PATH, body)
    const created = await bodyOf(response)
    expect(response.status).toBe(201)
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      issuer,
      subject: 'alice',
      allow_any_subject: false,
      scope: ['api.read', 'openid'],
      public_key: { set: issuer, kid: key.kid },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      expires_at: body['expires_at'],
    })
    expect(Math.abs(Date.parse(String(created['created_at'])) / 1000 - seconds())).toBeLessThan(5)
    const read = await deployment.admin('GET', locationOf(response).pathname)
    expect([read.status, await read.json()]).toEqual([200, created])
  })

  it('for any subject', async () => {
    const response = await trust(deployment, key, issuer, { subject: undefined, allow_any_subject: true })
    expect([response.status, await response.json()]).toEqual([
      201,
      expect.objectContaining({ subject: '', allow_any_subject: true }),
    ])
  })

  it.each([
    ['2999-01-01T00:00:00Z', '2999-01-01T00:00:00Z'],
    ['2999-01-01T02:00:00+02:00', '2999-01-01T00:00:00Z'],
    ['2999-01-01t00:00:00.75z', '2999-01-01T00:00:00Z'],
  ])('until %s', async (expires_at, shown) => {
    const created = await bodyOf(await trust(deployment, key, issuer, { expires_at }))
    expect(created['expires_at']).toBe(shown)
  })

  it.each([
    ['no scope', undefined, []],
    ['null', null, []],
    ['nothing', [null, ''], []],
    ['some', ['openid', null], ['openid']],
  ])('for the scopes that are named: %s', async (_name, scope, shown) => {
    const response = await trust(deployment, key, issuer, { scope })
    expect([response.status, (await bodyOf(response))['scope']]).toEqual([201, shown])
  })

  it.each(['RS256', 'PS384', 'ES512', 'EdDSA'])('with a key for %s', async (alg) => {
    expect((await trust(deployment, await makeKey(alg), issuer)).status).toBe(201)
  })

  const broken: readonly (readonly [string, Record<string, unknown>])[] = [
    ['no issuer', { issuer: undefined }],
    ['an empty issuer', { issuer: '' }],
    ['an endless issuer', { issuer: 'x'.repeat(2049) }],
    ['an issuer with a line break', { issuer: 'a\nb' }],
    ['neither subject nor allow_any_subject', { subject: undefined }],
    ['an empty subject', { subject: '' }],
    ['subject and allow_any_subject', { allow_any_subject: true }],
    ['a subject too long to own anything', { subject: 'x'.repeat(256) }],
    ['a subject with a control character', { subject: 'a\u0000' }],
    ['a subject that no path can hold', { subject: '..' }],
    ['endless scopes', { scope: ['x'.repeat(10_001)] }],
    ['no expiry', { expires_at: undefined }],
    ['an expiry in the past', { expires_at: '2020-01-01T00:00:00Z' }],
    ['no key', { jwk: undefined }],
    ['a key without kid', { jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } }],
    ['a damaged key', { jwk: { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k' } }],
    ['a symmetric key', { jwk: { kty: 'oct', k: 'c2VjcmV0', kid: 'k' } }],
  ]

  it.each(broken)('needs every field: %s', async (_name, changes) => {
    const response = await trust(deployment, key, issuer, changes)
    expect(await outcome(response)).toEqual([400, 'missing_required_parameter'])
  })

  it.each(['private', 'of use enc', 'for key agreement'])('refuses a key that is %s', async (what) => {
    const kid = 'k'
    const jwks: Readonly<Record<string, object>> = {
      private: { ...(await exportJWK(key.privateKey)), kid },
      'of use enc': { ...key.publicJwk, use: 'enc' },
      'for key agreement': { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43), kid },
    }
    const response = await trust(deployment, key, issuer, { jwk: jwks[what] })
    expect(await outcome(response)).toEqual([400, 'missing_required_parameter'])
  })

  it.each<readonly [string, Record<string, unknown>]>([
    ['an issuer', { issuer: 5 }],
    ['a subject', { subject: {} }],
    ['allow_any_subject', { allow_any_subject: 'true' }],
    ['a scope', { scope: 'openid' }],
    ['an item of scope', { scope: [1] }],
    ['a key', { jwk: 'text' }],
    ['an expiry', { expires_at: 1_900_000_000 }],
    ['the form of an expiry', { expires_at: 'tomorrow' }],
    ['the calendar of an expiry', { expires_at: '2999-13-01T00:00:00Z' }],
  ])('cannot decode %s of another type', async (_name, changes) => {
    expect(await outcome(await trust(deployment, key, issuer, changes))).toEqual([400, 'error'])
  })

  it.each(['', '{', '[]', 'null'])('cannot decode the body %j', async (body) => {
    const headers = { authorization: `Bearer ${ADMIN_KEY}` }
    const response = await deployment.fetch(TRUST_PATH, { method: 'POST', headers, body })
    expect(await outcome(response)).toEqual([400, 'error'])
  })
})

describe('conflicts', () => {
  const CONFLICT = [
    409,
    'Unable to insert or update resource because a resource with that value exists already',
  ]
  const same = () => ({ ...other, publicJwk: { ...other.publicJwk, kid: key.kid } })

  it('the same issuer, subject and kid, also at the same moment', async () => {
    const racing = Array.from({ length: 4 }, () => trust(new Deployment(), key, issuer))
    const statuses = (await Promise.all(racing)).map(({ status }) => status)
    expect(statuses.sort()).toEqual([201, 409, 409, 409])
    expect(await outcome(await trust(deployment, key, issuer, { scope: [] }))).toEqual(CONFLICT)
  })

  it('another key under a known kid, whatever the subject', async () => {
    await trust(deployment, key, issuer)
    for (const subject of ['alice', 'bob'])
      expect(await outcome(await trust(deployment, same(), issuer, { subject }))).toEqual(CONFLICT)
  })

  it('not the same key for another subject, another kid, or another issuer', async () => {
    await trust(deployment, key, issuer)
    expect((await trust(deployment, key, issuer, { subject: 'bob' })).status).toBe(201)
    expect((await trust(deployment, key, issuer, { subject: '', allow_any_subject: true })).status).toBe(201)
    expect((await trust(deployment, other, issuer)).status).toBe(201)
    expect((await trust(deployment, same(), `${issuer}/other`)).status).toBe(201)
  })

  it('not with what was deleted or has expired', async () => {
    const { id } = await bodyOf(await trust(deployment, key, issuer))
    await deployment.admin('DELETE', `${TRUST_PATH}/${id}`)
    expect((await trust(deployment, same(), issuer)).status).toBe(201)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 })
    expect((await trust(deployment, key, issuer)).status).toBe(201)
  })
})

describe('an entry', () => {
  it('is gone after it was deleted, and no other with it', async () => {
    const ids = await Promise.all(
      ['alice', 'bob'].map(
        async (subject) => (await bodyOf(await trust(deployment, key, issuer, { subject })))['id'],
      ),
    )
    const [first, second] = ids
    expect((await deployment.admin('DELETE', `${TRUST_PATH}/${first}`)).status).toBe(204)
    expect((await deployment.admin('GET', `${TRUST_PATH}/${first}`)).status).toBe(404)
    expect((await deployment.admin('DELETE', `${TRUST_PATH}/${first}`)).status).toBe(404)
    expect((await deployment.admin('GET', `${TRUST_PATH}/${second}`)).status).toBe(200)
  })

  it.each(['GET', 'DELETE'])('%s: 404 for an unknown id, 400 for what is no UUID', async (method) => {
    const unknown = await deployment.admin(method, `${TRUST_PATH}/${crypto.randomUUID()}`)
    expect(await outcome(unknown)).toEqual([404, 'Unable to locate the resource'])
    const malformed = await deployment.admin(method, `${TRUST_PATH}/no-uuid`)
    expect(malformed.status).toBe(400)
  })

  it('is absent once it has expired, and purged by the scheduled handler', async () => {
    const { id } = await bodyOf(await trust(deployment, key, issuer))
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_601_000 })
    expect((await deployment.admin('GET', `${TRUST_PATH}/${id}`)).status).toBe(404)
    const list = await deployment.admin('GET', `${TRUST_PATH}?issuer=${encodeURIComponent(issuer)}`)
    expect(await list.json()).toEqual([])
    const env = testEnv()
    await scheduled(env)
    const left = env.DB.prepare('SELECT count(*) AS total FROM trusted_issuers WHERE id = ?').bind(id)
    expect(await left.first('total')).toBe(0)
  })
})

describe('the list', () => {
  const subjects = ['a', 'b', 'c', 'd', 'e']
  const idsOf = (body: readonly Record<string, unknown>[]): readonly unknown[] => body.map(({ id }) => id)
  let path: string
  let ids: readonly unknown[]

  beforeEach(async () => {
    const created = subjects.map((subject) => trust(deployment, key, issuer, { subject }))
    const bodies = await Promise.all((await Promise.all(created)).map(bodyOf))
    ids = bodies.map(({ id }) => String(id)).sort()
    await trust(deployment, key, `${issuer}/other`)
    path = `${TRUST_PATH}?issuer=${encodeURIComponent(issuer)}`
  })

  it('holds one issuer, or all', async () => {
    expect(idsOf(await (await deployment.admin('GET', path)).json())).toEqual(ids)
    const all: readonly unknown[] = await (await deployment.admin('GET', `${TRUST_PATH}?limit=500`)).json()
    expect(all.length).toBeGreaterThan(subjects.length)
    expect(await (await deployment.admin('GET', `${TRUST_PATH}?issuer=nobody`)).json()).toEqual([])
  })

  it('comes in pages by token', async () => {
    const seen: unknown[] = []
    for (let next: string | undefined = `${path}&page_size=2`; next !== undefined; ) {
      const response = await deployment.admin('GET', next)
      seen.push(...idsOf(await response.json()))
      next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(seen).toEqual(ids)
  })

  it('comes in pages by offset', async () => {
    const response = await deployment.admin('GET', `${path}&limit=2&offset=3`)
    expect(idsOf(await response.json())).toEqual(ids.slice(3))
    expect(response.headers.get('x-total-count')).toBe('5')
  })

  it('refuses bad paging', async () => {
    expect((await deployment.admin('GET', `${path}&page_token=forged`)).status).toBe(400)
  })
})

describe('who may', () => {
  const keyed = new Deployment(
    testEnv({ ADMIN_API_KEYS: 'keys:key-of-the-key-part,clients:key-of-the-clients' }),
  )

  it.each([
    ['key-of-the-key-part', 200],
    ['key-of-the-clients', 403],
    ['key-of-somebody-else', 401],
  ])('a holder of %s: %i', async (apiKey, status) => {
    const headers = { authorization: `Bearer ${apiKey}` }
    expect((await keyed.fetch(TRUST_PATH, { headers })).status).toBe(status)
  })

  it('finds it without the admin prefix too', async () => {
    const headers = { authorization: `Bearer ${ADMIN_KEY}` }
    const response = await deployment.fetch(TRUST_PATH.replace('/admin', ''), { headers })
    expect(response.status).toBe(200)
  })

  it('leaves an audit line for each change', async () => {
    const lines = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const { id } = await bodyOf(await trust(deployment, key, issuer, { expires_at: rfc3339(seconds() + 60) }))
    await deployment.admin('DELETE', `${TRUST_PATH}/${id}`)
    const text = lines.mock.calls.flat().join('\n')
    lines.mockRestore()
    expect(text).toContain('"issuer.trusted"')
    expect(text).toContain('"issuer.removed"')
  })
})
