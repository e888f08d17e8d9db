import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JWK, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { scheduled } from '../../../src/scheduled.ts'
import { bodyOf, Deployment, ISSUER, testEnv } from '../../support/deployment.ts'
import { logIn, registerClient } from '../../support/relying-party.ts'

const SET = 'hydra.openid.id-token'

let deployment: Deployment

beforeEach(() => {
  deployment = new Deployment()
})

afterEach(() => {
  vi.useRealTimers()
})

/** Adds a key and lets it be published long enough. */
async function addKey(alg: string): Promise<void> {
  await deployment.fetch('/.well-known/jwks.json')
  expect((await deployment.admin('POST', `/admin/keys/${SET}`, { alg })).status).toBe(201)
}

async function idTokenOf(metadata: Readonly<Record<string, unknown>>): Promise<string> {
  return String((await logIn(deployment, await registerClient(deployment, metadata))).id_token)
}

const algorithmOf = (jwt: string): unknown => decodeProtectedHeader(jwt).alg

describe('keys of several algorithms', () => {
  it('sign for each client with the algorithm it asked for', async () => {
    await addKey('ES256')
    await addKey('EdDSA')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_000 })
    deployment = new Deployment()
    for (const alg of ['RS256', 'ES256', 'EdDSA'])
      expect(algorithmOf(await idTokenOf({ id_token_signed_response_alg: alg }))).toBe(alg)
    expect(algorithmOf(await idTokenOf({}))).toBe('EdDSA')
    const document = await bodyOf(await deployment.fetch('/.well-known/openid-configuration'))
    const all = expect.arrayContaining(['RS256', 'ES256', 'EdDSA'])
    expect(document['id_token_signing_alg_values_supported']).toEqual(all)
    expect(document['userinfo_signing_alg_values_supported']).toEqual(all)
  })

  it('sign userinfo as the client asked', async () => {
    await addKey('ES256')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 600_000 })
    deployment = new Deployment()
    const client = await registerClient(deployment, { userinfo_signed_response_alg: 'ES256' })
    const { access_token } = await logIn(deployment, client)
    vi.setSystemTime(Date.now() + 100_000)
    const headers = { authorization: `Bearer ${access_token}` }
    const jwt = await (await deployment.fetch('/userinfo', { headers })).text()
    expect(algorithmOf(jwt)).toBe('ES256')
    const iat = Math.floor(Date.now() / 1000)
    expect(decodeJwt(jwt)).toMatchObject({ sub: 'alice', aud: [client.id], iss: ISSUER, iat })
  })

  it('may be asked for, and sign, at once and everywhere', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 700_000 })
    const [here, there, third] = [new Deployment(), new Deployment(), new Deployment()]
    // Each knows the keys of before.
    for (const at of [here, there, third])
      expect((await at.fetch('/.well-known/openid-configuration')).status).toBe(200)
    expect((await here.admin('POST', `/admin/keys/${SET}`, { alg: 'ES384' })).status).toBe(201)
    const metadata = { id_token_signed_response_alg: 'ES384' }
    const client = await registerClient(there, metadata)
    expect(algorithmOf((await logIn(third, client)).id_token)).toBe('ES384')
  })

  it.each([
    { id_token_signed_response_alg: 'PS512' },
    { id_token_signed_response_alg: 'HS256' },
    { id_token_signed_response_alg: 'none' },
    { userinfo_signed_response_alg: 'ES512' },
    { userinfo_signed_response_alg: 'HS256' },
  ])('are asked for in vain by %j', async (metadata) => {
    const response = await deployment.admin('POST', '/admin/clients', metadata)
    expect(response.status).toBe(400)
    expect(await bodyOf(response)).toMatchObject({ error: 'invalid_client_metadata' })
  })
})

describe('SIGNING_ALGORITHM', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('%s signs for clients that ask for nothing', async (alg) => {
    deployment = new Deployment(testEnv({ SIGNING_ALGORITHM: alg }))
    await deployment.admin('DELETE', `/admin/keys/${SET}`)
    const { id_token } = await logIn(deployment, await registerClient(deployment))
    const jwks = createLocalJWKSet(await (await deployment.fetch('/.well-known/jwks.json')).json())
    expect((await jwtVerify(id_token, jwks)).protectedHeader).toMatchObject({ alg, typ: 'JWT' })
  })
})

describe('without an RSA key', () => {
  it('RS256 can be asked for userinfo, which is then signed by the key there is, as in Hydra', async () => {
    deployment = new Deployment(testEnv({ SIGNING_ALGORITHM: 'ES256' }))
    await deployment.admin('DELETE', `/admin/keys/${SET}`)
    const client = await registerClient(deployment, { userinfo_signed_response_alg: 'RS256' })
    const { access_token } = await logIn(deployment, client)
    const headers = { authorization: `Bearer ${access_token}` }
    const jwt = await (await deployment.fetch('/userinfo', { headers })).text()
    expect(algorithmOf(jwt)).toBe('ES256')
    const wished = { id_token_signed_response_alg: 'RS256' }
    expect((await deployment.admin('POST', '/admin/clients', wished)).status).toBe(400)
  })
})

describe('scheduled rotation (SIGNING_KEY_ROTATION)', () => {
  const kids = async (at: Deployment): Promise<unknown[]> => {
    const { keys } = await bodyOf(await at.admin('GET', `/admin/keys/${SET}`))
    return Array.isArray(keys) ? keys.map(({ kid }: { kid: unknown }) => kid) : []
  }

  it('makes the next key in time, and keeps the last one for as long again', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const env = testEnv({ SIGNING_KEY_ROTATION: '240h', SIGNING_ALGORITHM: 'ES256' })
    const at = new Deployment(env)
    await at.admin('DELETE', `/admin/keys/${SET}`)
    await scheduled(env)
    expect((await at.admin('GET', `/admin/keys/${SET}`)).status).toBe(404)
    await at.fetch('/.well-known/jwks.json')
    const [first] = await kids(at)
    await scheduled(env)
    expect(await kids(at)).toEqual([first])
    vi.setSystemTime(Date.now() + 241 * 3_600_000)
    await scheduled(env)
    const [second, ...others] = await kids(at)
    expect(second).not.toBe(first)
    expect(others).toEqual([first])
    const published = await bodyOf(await at.fetch('/.well-known/jwks.json'))
    expect(JSON.stringify(published)).toContain(String(second))
    await scheduled(env)
    expect(await kids(at)).toHaveLength(2)
    vi.setSystemTime(Date.now() + 241 * 3_600_000)
    await scheduled(env)
    const left = await kids(at)
    expect(left).toHaveLength(2)
    expect(left).not.toContain(first)
  })

  it.each<[string, Record<string, string>, Record<string, string>, number]>([
    ['the server', { TTL_ID_TOKEN: '240h' }, {}, 2000],
    ['the client', {}, { authorization_code_grant_id_token_lifespan: '240h0m0s' }, 3000],
  ])(
    'keeps a key published until the tokens it signed have expired, as long as %s says',
    async (...given) => {
      const [, settings, metadata, later] = given
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + later * 86_400_000 })
      const rotation = { SIGNING_KEY_ROTATION: '24h', SIGNING_ALGORITHM: 'ES256' }
      const env = testEnv({ ...rotation, ...settings })
      const at = new Deployment(env)
      await at.admin('DELETE', `/admin/keys/${SET}`)
      const client = await registerClient(at, metadata)
      const { id_token } = await logIn(at, client)
      const { kid } = decodeProtectedHeader(id_token)
      for (let day = 1; day <= 9; day += 1) {
        vi.setSystemTime(Date.now() + 25 * 3_600_000)
        await scheduled(env)
      }
      const jwks = createLocalJWKSet(await (await new Deployment(env).fetch('/.well-known/jwks.json')).json())
      const { payload } = await jwtVerify(id_token, jwks, { currentDate: new Date() })
      expect(payload.sub).toBe('alice')
      expect(await kids(at)).toHaveLength(10)
      for (let day = 1; day <= 3; day += 1) {
        vi.setSystemTime(Date.now() + 25 * 3_600_000)
        await scheduled(env)
      }
      expect(await kids(at)).not.toContain(kid)
      await at.admin('DELETE', `/admin/clients/${client.id}`)
    },
  )

  const DAY = 86_400_000
  const ACCESS = 'hydra.jwt.access-token'
  /** The algorithms of a set's keys, newest first, with the bits of RSA ones. */
  const algorithms = async (set: string): Promise<unknown[]> => {
    const { keys } = await (await deployment.admin('GET', `/admin/keys/${set}`)).json<{ keys: JWK[] }>()
    return keys.map(({ alg, n }) => (n === undefined ? alg : `${alg} ${Math.floor(n.length * 0.75) * 8}`))
  }
  /** An installation that has its keys for so many days, as an earlier release left it. */
  async function olderBy(days: number): Promise<void> {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - days * DAY })
    for (const set of [SET, ACCESS]) await deployment.admin('DELETE', `/admin/keys/${set}`)
    await deployment.fetch('/.well-known/jwks.json')
    vi.setSystemTime(Date.now() + days * DAY)
    deployment = new Deployment()
  }

  it('comes by itself after 90 days: published first, in both sets, and the old key verifies on', async () => {
    await olderBy(91)
    const client = await registerClient(deployment, { access_token_strategy: 'jwt' })
    const before = await logIn(deployment, client)
    await scheduled(deployment.env)
    const [next, last] = await kids(deployment)
    const kidOf = (jwt: string): unknown => decodeProtectedHeader(jwt).kid
    expect([kidOf(before.id_token), next === last]).toEqual([last, false])
    const published = await (await new Deployment().fetch('/.well-known/jwks.json')).json<{ keys: JWK[] }>()
    expect(published.keys.map(({ kid }) => kid)).toEqual(expect.arrayContaining([next, last]))
    expect(published.keys).toHaveLength(4)
    vi.setSystemTime(Date.now() + 230_000)
    expect(kidOf((await logIn(new Deployment(), client)).id_token)).toBe(last)
    vi.setSystemTime(Date.now() + 12_000)
    const after = await logIn(new Deployment(), client)
    expect(kidOf(after.id_token)).toBe(next)
    expect(kidOf(after.access_token)).not.toBe(kidOf(before.access_token))
    const jwks = createLocalJWKSet(published)
    for (const jwt of [before.id_token, before.access_token, after.id_token, after.access_token])
      await jwtVerify(jwt, jwks)
  })

  it('renews every algorithm that signs, in its size, and leaves the one that signs by default', async () => {
    await olderBy(100)
    vi.setSystemTime(Date.now() - 95 * DAY)
    for (const alg of ['ES256', 'PS256'])
      await deployment.admin('POST', `/admin/keys/${SET}`, { alg, use: 'sig' })
    await deployment.admin('POST', `/admin/keys/${SET}`, { alg: 'RS256', use: 'enc' })
    vi.setSystemTime(Date.now() + 50 * DAY)
    await deployment.admin('POST', `/admin/keys/${SET}`, { alg: 'EdDSA', use: 'sig' })
    vi.setSystemTime(Date.now() + 45 * DAY)
    const before = await algorithms(SET)
    await scheduled(deployment.env)
    expect(await algorithms(SET)).toEqual(['EdDSA', before[2], 'ES256', 'RS256 2048', ...before])
    vi.setSystemTime(Date.now() + 260_000)
    deployment = new Deployment()
    expect(algorithmOf(await idTokenOf({}))).toBe('EdDSA')
    expect(algorithmOf(await idTokenOf({ id_token_signed_response_alg: 'ES256' }))).toBe('ES256')
  })

  it('is by hand if it is off', async () => {
    await olderBy(1000)
    const before = await kids(deployment)
    await scheduled(testEnv({ SIGNING_KEY_ROTATION: 'off' }))
    expect(await kids(deployment)).toEqual(before)
  })
})

describe('a new system secret', () => {
  it('seals what the old one sealed, once, and the log says so', async () => {
    await deployment.fetch('/.well-known/jwks.json')
    const old = String(testEnv().SECRETS_SYSTEM)
    const env = testEnv({ SECRETS_SYSTEM: `another-system-secret-of-32-characters,${old}` })
    const log = vi.spyOn(console, 'log')
    const resealed = (): number =>
      log.mock.calls.filter(([line]) => String(line).includes('root_key.resealed')).length
    await scheduled(env)
    expect(resealed()).toBe(1)
    await scheduled(env)
    expect(resealed()).toBe(1)
    await scheduled(testEnv({ SECRETS_SYSTEM: `${old},another-system-secret-of-32-characters` }))
    expect(resealed()).toBe(2)
    log.mockRestore()
  })
})
