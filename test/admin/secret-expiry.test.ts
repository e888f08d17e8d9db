import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { tokenRequest } from '../support/relying-party.ts'

const deployment = new Deployment(testEnv())
const START = Date.UTC(2026, 5, 1)
const now = (): number => Math.floor(Date.now() / 1000)
const later = (seconds: number): void => {
  vi.setSystemTime(Date.now() + seconds * 1000)
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
})

afterEach(() => {
  vi.useRealTimers()
})

type Answer = Record<string, unknown>
const MACHINE = { grant_types: ['client_credentials'] }
const SECRET = 'a-secret-of-an-admin'

async function make(body: object): Promise<Answer> {
  const response = await deployment.admin('POST', '/admin/clients', { ...MACHINE, ...body })
  expect(response.status).toBe(201)
  return bodyOf(response)
}

const change = async (id: unknown, method: string, body: unknown, suffix = ''): Promise<Answer> =>
  bodyOf(await deployment.admin(method, `/admin/clients/${id}${suffix}`, body))

const tried = (id: unknown, secret: unknown, on = deployment): Promise<Response> =>
  tokenRequest(on, { id: String(id), secret: String(secret) }, { grant_type: 'client_credentials' })

const accepts = async (id: unknown, secret: unknown, on = deployment): Promise<boolean> =>
  (await tried(id, secret, on)).status === 200

describe('a client secret with an end', () => {
  it('is good until then, and refused by name to who has it alone', async () => {
    const log = vi.spyOn(console, 'log')
    const made = await make({ client_secret: SECRET, client_secret_expires_at: now() + 100 })
    const { client_id: id } = made
    expect(made['client_secret_expires_at']).toBe(now() + 100)
    expect((await change(id, 'GET', undefined))['client_secret_expires_at']).toBe(now() + 100)
    expect(await accepts(id, SECRET)).toBe(true)
    later(100)
    const refused = await tried(id, SECRET)
    expect(refused.status).toBe(401)
    expect(log.mock.lastCall?.[0]).toContain('"reason":"secret_expired"')
    log.mockRestore()
    expect(await bodyOf(refused)).toMatchObject({
      error: 'invalid_client',
      error_description: expect.stringMatching(
        /^The client secret is right, but expired at \d{4}-\d\d-\d\dT/,
      ),
    })
    const guessed = await bodyOf(await tried(id, 'another-secret-there'))
    expect(guessed['error']).toBe('invalid_client')
    expect(JSON.stringify(guessed)).not.toContain('expired')
  })

  it('is asked of the source before it is refused', async () => {
    const { client_id: id } = await make({ client_secret: SECRET, client_secret_expires_at: now() + 10 })
    const elsewhere = new Deployment(testEnv())
    expect(await accepts(id, SECRET, elsewhere)).toBe(true)
    const patch = [{ op: 'replace', path: '/client_secret_expires_at', value: now() + 1000 }]
    expect((await change(id, 'PATCH', patch))['client_secret_expires_at']).toBe(now() + 1000)
    later(11)
    expect(await accepts(id, SECRET, elsewhere)).toBe(true)
  })

  it.each<[string, string, (end: number) => unknown, number]>([
    ['a patch of another field', 'PATCH', () => [{ op: 'replace', path: '/client_name', value: 'x' }], 100],
    ['a PUT that says nothing', 'PUT', () => MACHINE, 100],
    ['a PUT of what was read', 'PUT', (end) => ({ ...MACHINE, client_secret_expires_at: end }), 100],
    ['a PUT of 0', 'PUT', () => ({ ...MACHINE, client_secret_expires_at: 0 }), 0],
    ['a PUT of another secret', 'PUT', () => ({ ...MACHINE, client_secret: 'another-secret-of-it' }), 0],
    [
      'a PUT of another secret with its end',
      'PUT',
      (end) => ({ ...MACHINE, client_secret: 'another-secret-of-it', client_secret_expires_at: end + 50 }),
      150,
    ],
    ['a removal of it', 'PATCH', () => [{ op: 'remove', path: '/client_secret_expires_at' }], 0],
  ])('after %s', async (_, method, body, left) => {
    const end = now() + 100
    const { client_id: id } = await make({ client_secret: SECRET, client_secret_expires_at: end })
    const changed = await change(id, method, body(end))
    expect(changed['client_secret_expires_at']).toBe(left === 0 ? 0 : now() + left)
    expect((await change(id, 'GET', undefined))['client_secret_expires_at']).toBe(
      changed['client_secret_expires_at'],
    )
  })

  it('keeps its end when it is rotated away, and the new one has its own', async () => {
    const { client_id: id } = await make({ client_secret: SECRET, client_secret_expires_at: now() + 100 })
    const first = await change(id, 'POST', undefined, '/secrets/rotate')
    expect(first['client_secret_expires_at']).toBe(0)
    const query = `/secrets/rotate?client_secret_expires_at=${now() + 200}`
    const second = await change(id, 'POST', undefined, query)
    expect(second['client_secret_expires_at']).toBe(now() + 200)
    const secrets = [SECRET, first['client_secret'], second['client_secret']]
    const states = (): Promise<boolean[]> => Promise.all(secrets.map((secret) => accepts(id, secret)))
    expect(await states()).toEqual([true, true, true])
    later(100)
    expect(await states()).toEqual([false, true, true])
    later(100)
    expect(await states()).toEqual([false, true, false])
    const kept = await change(id, 'DELETE', undefined, '/secrets/rotate')
    expect(kept['client_secret_expires_at']).toBe(second['client_secret_expires_at'])
  })

  it.each([-1, 1.5, '1767225600', 2 ** 60, {}])('is no time: %j', async (client_secret_expires_at) => {
    const body = { ...MACHINE, client_secret_expires_at }
    expect((await deployment.admin('POST', '/admin/clients', body)).status).toBe(400)
  })

  it('is no time in the query of a rotation', async () => {
    const { client_id: id } = await make({})
    const answer = await deployment.admin(
      'POST',
      `/admin/clients/${id}/secrets/rotate?client_secret_expires_at=tomorrow`,
    )
    expect(answer.status).toBe(400)
  })

  it('is warned of where it has passed, and refused strictly', async () => {
    const body = { ...MACHINE, client_secret: SECRET, client_secret_expires_at: now() - 1 }
    const taken = await deployment.admin('POST', '/admin/clients', body)
    expect(taken.headers.get('ladon-warning')).toBe("Field 'client_secret_expires_at' has passed.")
    expect((await deployment.admin('POST', '/admin/clients?strict=true', body)).status).toBe(400)
  })
})

describe('the secret of a client that registered itself', () => {
  const DAY = 86_400
  const brief = new Deployment(
    testEnv({
      OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
      OIDC_DYNAMIC_CLIENT_REGISTRATION_SECRET_TTL: '24h',
    }),
  )

  const ask = async (method: string, path: string, body: object, token?: unknown): Promise<Answer> => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await brief.fetch(path, { method, headers, body: JSON.stringify(body) })
    expect(response.status).toBeLessThan(300)
    return bodyOf(response)
  }

  it('has the configured end, whatever the client says, and a change brings the next one', async () => {
    const made = await ask('POST', '/oauth2/register', { ...MACHINE, client_secret_expires_at: 0 })
    const { client_id: id, client_secret: old } = made
    expect(made['client_secret_expires_at']).toBe(now() + DAY)
    later(DAY / 2)
    const path = `/oauth2/register/${id}`
    const token = made['registration_access_token']
    const lost = await ask('PUT', path, MACHINE, token)
    const renewed = await ask('PUT', path, { ...MACHINE, client_secret_expires_at: 1 }, token)
    expect(renewed['client_secret_expires_at']).toBe(now() + DAY)
    expect(renewed['client_secret']).not.toBe(lost['client_secret'])
    for (const secret of [old, lost['client_secret'], renewed['client_secret']])
      expect(await accepts(id, secret, brief)).toBe(true)
    later(DAY / 2)
    expect(await accepts(id, old, brief)).toBe(false)
    expect(await accepts(id, renewed['client_secret'], brief)).toBe(true)
    later(DAY)
    expect(await accepts(id, renewed['client_secret'], brief)).toBe(false)
    const back = await ask('PUT', path, MACHINE, renewed['registration_access_token'])
    expect(await accepts(id, back['client_secret'], brief)).toBe(true)
  })

  it('is not renewed by a client whose secret an admin gave an end', async () => {
    const made = await make({ client_secret: SECRET, client_secret_expires_at: now() + 100 })
    const path = `/oauth2/register/${made['client_id']}`
    const answer = await ask(
      'PUT',
      path,
      { ...MACHINE, client_secret_expires_at: 0 },
      made['registration_access_token'],
    )
    expect(answer).not.toHaveProperty('client_secret')
    expect(answer['client_secret_expires_at']).toBe(now() + 100)
  })

  it('is none for a public client', async () => {
    const made = await ask('POST', '/oauth2/register', { token_endpoint_auth_method: 'none' })
    expect(made).toMatchObject({ client_secret_expires_at: 0 })
    expect(made).not.toHaveProperty('client_secret')
  })
})
