import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LIFESPAN_FIELDS } from '../../src/store/client-metadata.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { withOutage } from '../support/outage.ts'
import {
  authorizeAt,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'

const MALFORMED = 'The request was malformed or contained invalid parameters'
const MISSING = {
  error: 'Unable to locate the resource',
  error_description: "There is no client 'nobody'. Check the id: it may have been deleted.",
}

let lines: Record<string, unknown>[]
let deployment: Deployment

beforeEach(() => {
  lines = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => lines.push(JSON.parse(line)))
  deployment = new Deployment(testEnv())
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const later = (seconds: number): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
}
const audits = (event: string): readonly unknown[] =>
  lines.filter((line) => line['kind'] === 'audit' && line['event'] === event)
const read = async (id: string): Promise<Record<string, unknown>> =>
  bodyOf(await deployment.admin('GET', `/admin/clients/${id}`))
const credentials = { grant_type: 'client_credentials' }
const accepts = async (where: Deployment, client: TestClient, secret: string): Promise<boolean> =>
  (await tokenRequest(where, { ...client, secret }, credentials)).status === 200

describe('PUT /admin/clients/{id}/lifespans', () => {
  const put = (id: string, body: unknown): Promise<Response> =>
    deployment.admin('PUT', `/admin/clients/${id}/lifespans`, body)

  it('replaces the whole group, answers in the canonical form, and leaves the rest alone', async () => {
    const client = await registerClient(deployment, { client_name: 'Lives', contacts: ['me'] })
    const before = await read(client.id)
    const all = Object.fromEntries(LIFESPAN_FIELDS.map((field) => [field, '31h']))
    const first = await put(client.id, all)
    expect(first.status).toBe(200)
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const expected = Object.fromEntries(LIFESPAN_FIELDS.map((field) => [field, '31h0m0s']))
    expect(await bodyOf(first)).toEqual({ ...before, ...expected, updated_at: expect.any(String) })
    const second = await put(client.id, { jwt_bearer_grant_access_token_lifespan: '90s', client_name: 'no' })
    const only = { ...before, jwt_bearer_grant_access_token_lifespan: '1m30s' }
    expect(await bodyOf(second)).toEqual({ ...only, updated_at: expect.any(String) })
    expect(await read(client.id)).toMatchObject({ ...only, updated_at: expect.any(String) })
    expect(await accepts(deployment, client, client.secret)).toBe(true)
    expect(audits('client.changed')).toHaveLength(2)
  })

  it('every lifespan takes effect at once', async () => {
    const client = await registerClient(deployment)
    await put(client.id, {
      authorization_code_grant_access_token_lifespan: '10m',
      authorization_code_grant_id_token_lifespan: '20m',
      authorization_code_grant_refresh_token_lifespan: '30m',
      client_credentials_grant_access_token_lifespan: '40m',
      refresh_token_grant_access_token_lifespan: '50m',
      refresh_token_grant_id_token_lifespan: '2h',
      refresh_token_grant_refresh_token_lifespan: '3h',
    })
    const expiry = async (token: string): Promise<number> => {
      const { exp } = await deployment.introspect(token)
      return Math.round((Number(exp) - Date.now() / 1000) / 60)
    }
    const minutes = (jwt: string): number => {
      const { iat, exp } = JSON.parse(atob(jwt.split('.')[1] ?? ''))
      return (exp - iat) / 60
    }
    const own = await bodyOf(await tokenRequest(deployment, client, credentials))
    expect(own['expires_in']).toBe(2400)
    const tokens = await logIn(deployment, client)
    expect([tokens.expires_in, minutes(tokens.id_token), await expiry(tokens.refresh_token)]).toEqual([
      expect.closeTo(600, -1),
      20,
      30,
    ])
    const renewed = await bodyOf(await refresh(deployment, client, tokens.refresh_token))
    expect([renewed['expires_in'], minutes(String(renewed['id_token']))]).toEqual([
      expect.closeTo(3000, -1),
      120,
    ])
    expect(await expiry(String(renewed['refresh_token']))).toBe(180)
  })

  it.each([
    ['a duration that is none', { implicit_grant_id_token_lifespan: '1 day' }, 400, MALFORMED],
    ['a wrong type', { implicit_grant_id_token_lifespan: 5 }, 400, MALFORMED],
    [
      'too many fields',
      Object.fromEntries(Array.from({ length: 201 }, (_, at) => [`a${at}`, 1])),
      400,
      MALFORMED,
    ],
    ['no object', [], 400, MALFORMED],
    ['no body', undefined, 400, MALFORMED],
    ['a negative one', { implicit_grant_id_token_lifespan: '-1s' }, 400, 'invalid_client_metadata'],
  ])('refuses %s and changes nothing', async (_name, body, status, error) => {
    const client = await registerClient(deployment, { implicit_grant_id_token_lifespan: '2h' })
    const before = await read(client.id)
    const answer = await put(client.id, body)
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([status, error])
    expect(await read(client.id)).toEqual(before)
  })

  it('answers 404 for an unknown client', async () => {
    const answer = await put('nobody', {})
    expect([answer.status, await bodyOf(answer)]).toEqual([404, MISSING])
  })
})

describe('POST and DELETE /admin/clients/{id}/secrets/rotate', () => {
  const rotate = async (id: string): Promise<Record<string, unknown>> => {
    const answer = await deployment.admin('POST', `/admin/clients/${id}/secrets/rotate`)
    expect(answer.status).toBe(200)
    return bodyOf(answer)
  }
  const drop = (id: string): Promise<Response> =>
    deployment.admin('DELETE', `/admin/clients/${id}/secrets/rotate`)

  it.each(['client_secret_basic', 'client_secret_post'])(
    '%s: gives a new secret and still takes the old one',
    async (method) => {
      const client = await registerClient(deployment, { token_endpoint_auth_method: method })
      const shown = await read(client.id)
      const body = await rotate(client.id)
      const secret = String(body['client_secret'])
      expect(secret).toMatch(/^[\w.~-]{26}$/)
      expect(secret).not.toBe(client.secret)
      // Older registration access tokens end with the rotation, so the answer brings the new one.
      const renewed = {
        registration_access_token: expect.stringMatching(/^ory_at_/),
        registration_client_uri: expect.stringContaining(client.id),
      }
      expect(body).toEqual({
        ...shown,
        ...renewed,
        client_secret: secret,
        updated_at: expect.any(String),
      })
      for (const one of [secret, client.secret]) {
        const fields =
          method === 'client_secret_post' ? { client_id: client.id, client_secret: one } : undefined
        const answer =
          fields === undefined
            ? await tokenRequest(deployment, { ...client, secret: one }, credentials)
            : await deployment.form('/oauth2/token', { ...credentials, ...fields })
        expect(answer.status).toBe(200)
      }
      expect(await read(client.id)).toEqual({ ...shown, updated_at: expect.any(String) })
      expect(audits('client.secret_rotated')).toMatchObject([{ client_id: client.id }])
      expect(JSON.stringify(lines)).not.toContain(secret)
    },
  )

  it('takes the five newest of the old secrets, in every isolate at once', async () => {
    const client = await registerClient(deployment)
    const elsewhere = new Deployment(testEnv())
    expect(await accepts(elsewhere, client, client.secret)).toBe(true)
    const secrets = [client.secret]
    for (let turn = 0; turn < 6; turn += 1) {
      secrets.push(String((await rotate(client.id))['client_secret']))
      expect(await accepts(elsewhere, client, secrets.at(-1) ?? '')).toBe(true)
      later(1)
    }
    for (const where of [deployment, elsewhere]) {
      const outcomes = await Promise.all(secrets.map((secret) => accepts(where, client, secret)))
      expect(outcomes).toEqual([false, true, true, true, true, true, true])
    }
  })

  it('drops the old secrets: here at once, elsewhere within 60 s', async () => {
    const client = await registerClient(deployment)
    const secret = String((await rotate(client.id))['client_secret'])
    const elsewhere = new Deployment(testEnv())
    expect(await accepts(elsewhere, client, client.secret)).toBe(true)
    const answer = await drop(client.id)
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toEqual(await read(client.id))
    expect(audits('client.rotated_secrets_dropped')).toHaveLength(1)
    expect([
      await accepts(deployment, client, secret),
      await accepts(deployment, client, client.secret),
    ]).toEqual([true, false])
    later(60)
    expect([
      await accepts(elsewhere, client, secret),
      await accepts(elsewhere, client, client.secret),
    ]).toEqual([true, false])
  })

  const changes: readonly [string, string, (secret: string) => unknown][] = [
    ['PUT', 'PUT', (secret) => ({ grant_types: ['client_credentials'], client_secret: secret })],
    ['PATCH', 'PATCH', (secret) => [{ op: 'replace', path: '/client_secret', value: secret }]],
  ]
  it.each(changes)('a secret supplied by %s ends all others', async (_name, method, body) => {
    const client = await registerClient(deployment)
    const rotated = String((await rotate(client.id))['client_secret'])
    await deployment.admin(method, `/admin/clients/${client.id}`, body('a-supplied-secret'))
    const outcomes = [client.secret, rotated, 'a-supplied-secret'].map((secret) =>
      accepts(deployment, client, secret),
    )
    expect(await Promise.all(outcomes)).toEqual([false, false, true])
  })

  it('a change without a secret keeps them all', async () => {
    const client = await registerClient(deployment)
    await rotate(client.id)
    const patch = [{ op: 'replace', path: '/client_name', value: 'New' }]
    await deployment.admin('PATCH', `/admin/clients/${client.id}`, patch)
    await deployment.admin('PUT', `/admin/clients/${client.id}`, { grant_types: ['client_credentials'] })
    expect(await accepts(deployment, client, client.secret)).toBe(true)
  })

  it('loses no secret when two rotate at once', async () => {
    const client = await registerClient(deployment)
    const both = await Promise.all([rotate(client.id), rotate(client.id)])
    for (const secret of [client.secret, ...both.map((body) => String(body['client_secret']))]) {
      expect(await accepts(deployment, client, secret)).toBe(true)
    }
  })

  it('stores no old secret in clear', async () => {
    const client = await registerClient(deployment, { client_secret: 'correct-horse' })
    await rotate(client.id)
    const row = await deployment.env.DB.prepare('select * from clients where id = ?').bind(client.id).first()
    expect(JSON.stringify(row)).not.toContain('correct-horse')
    expect(row?.['rotated_secret_hashes']).toMatch(/^\["hmac1\$/)
  })

  it.each(['POST', 'DELETE'])('%s refuses clients without a secret, and unknown ones', async (method) => {
    for (const metadata of [
      { token_endpoint_auth_method: 'none' },
      { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example/jwks' },
    ]) {
      const client = await registerClient(deployment, metadata)
      const answer = await deployment.admin(method, `/admin/clients/${client.id}/secrets/rotate`)
      expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, MALFORMED])
    }
    const unknown = await deployment.admin(method, '/admin/clients/nobody/secrets/rotate')
    expect([unknown.status, await bodyOf(unknown)]).toEqual([404, MISSING])
  })
})

describe('DELETE /admin/oauth2/tokens', () => {
  const remove = (id: string): Promise<Response> =>
    deployment.admin('DELETE', `/admin/oauth2/tokens?client_id=${id}`)

  it.each(['opaque', 'jwt'])(
    '%s: ends access tokens, while codes and refresh tokens go on',
    async (access_token_strategy) => {
      const client = await registerClient(deployment, { access_token_strategy })
      const bystander = await registerClient(deployment, { access_token_strategy })
      const kept = await logIn(deployment, bystander)
      const tokens = await logIn(deployment, client)
      const own = String((await bodyOf(await tokenRequest(deployment, client, credentials)))['access_token'])
      const code = parameter(await authorizeAt(deployment, client), 'code')
      const answer = await remove(client.id)
      expect([answer.status, await answer.text()]).toEqual([204, ''])
      expect(audits('client.tokens_deleted')).toMatchObject([{ client_id: client.id }])
      for (const token of [tokens.access_token, own]) {
        expect(await deployment.introspect(token)).toEqual({ active: false })
      }
      const userinfo = await deployment.fetch('/userinfo', {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      })
      expect(userinfo.status).toBe(401)
      expect(await deployment.introspect(tokens.refresh_token)).toMatchObject({ active: true })
      const renewed = await bodyOf(await refresh(deployment, client, tokens.refresh_token))
      expect(await deployment.introspect(String(renewed['access_token']))).toMatchObject({ active: true })
      const redeemed = await bodyOf(await redeem(deployment, client, code))
      expect(await deployment.introspect(String(redeemed['access_token']))).toMatchObject({ active: true })
      expect(await deployment.introspect(kept.access_token)).toMatchObject({ active: true })
    },
  )

  it('holds in another isolate within 60 s, and over the path of v1', async () => {
    const client = await registerClient(deployment)
    const elsewhere = new Deployment(testEnv())
    const { access_token, refresh_token } = await logIn(deployment, client)
    expect(await elsewhere.introspect(access_token)).toMatchObject({ active: true })
    const answer = await deployment.admin('DELETE', `/oauth2/tokens?client_id=${client.id}`)
    expect(answer.status).toBe(204)
    later(60)
    expect(await elsewhere.introspect(access_token)).toEqual({ active: false })
    expect((await refresh(elsewhere, client, refresh_token)).status).toBe(200)
  })

  it('counts every call of many at once', async () => {
    const client = await registerClient(deployment)
    const answers = await Promise.all(Array.from({ length: 3 }, () => remove(client.id)))
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204])
    const row = await deployment.env.DB.prepare('select access_epoch from clients where id = ?')
      .bind(client.id)
      .first()
    expect(row).toEqual({ access_epoch: 3 })
  })

  it('204 for an unknown client, 400 without a client', async () => {
    expect((await remove('nobody')).status).toBe(204)
    for (const query of ['', '?client_id=']) {
      const answer = await deployment.admin('DELETE', `/admin/oauth2/tokens${query}`)
      expect([answer.status, (await bodyOf(answer))['error']]).toEqual([400, 'invalid_request'])
    }
    expect(audits('client.tokens_deleted')).toEqual([])
  })
})

describe('an import of a client', () => {
  const created_at = '2020-02-03T04:05:06Z'
  const updated_at = '2021-02-03T04:05:06Z'
  const imported = async (times: object, scope = 'all'): Promise<readonly unknown[]> => {
    const key = 'key-of-the-importing-admin'
    const into = new Deployment(testEnv({ ADMIN_API_KEYS: `${scope}:${key}` }))
    const answer = await into.fetch('/admin/clients', {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(times),
    })
    const made = await bodyOf(answer)
    const shown = await read(String(made['client_id']))
    expect([shown['created_at'], shown['updated_at']]).toEqual([made['created_at'], made['updated_at']])
    const now = new Date().toISOString().slice(0, 10)
    return [made['created_at'], made['updated_at']].map((time) =>
      String(time).replace(RegExp(`^${now}.*`), 'now'),
    )
  }

  it.each<[string, object, readonly string[], string?]>([
    ['both times', { created_at, updated_at }, [created_at, updated_at]],
    ['an offset and a fraction', { created_at: '2020-02-03T06:05:06.789+02:00' }, [created_at, 'now']],
    ['a change before the creation', { created_at: updated_at, updated_at: created_at }, [updated_at, 'now']],
    ['a change alone', { updated_at }, ['now', 'now']],
    ['year 1, which SDKs send', { created_at: '0001-01-01T00:00:00Z' }, ['now', 'now']],
    ['the future', { created_at: '2999-01-01T00:00:00Z' }, ['now', 'now']],
    ['no time', { created_at: 5, updated_at: 'soon' }, ['now', 'now']],
    ['a key of scope clients', { created_at, updated_at }, ['now', 'now'], 'clients'],
  ])('keeps the times that it has, with a key of scope all: %s', async (_title, times, kept, scope) => {
    expect(await imported(times, scope)).toEqual(kept)
  })
})

describe('20 parallel changes of different fields', () => {
  it('all succeed, from two isolates, and none is lost', async () => {
    const { id } = await registerClient(deployment)
    const isolates = [deployment, new Deployment(testEnv())]
    const texts = ['client_name', 'owner', 'client_uri', 'policy_uri', 'tos_uri', 'logo_uri', 'jwks_uri']
    const fields = [...texts, ...LIFESPAN_FIELDS]
    const given = (field: string): string => {
      if (field.endsWith('_lifespan')) return '31m0s'
      return field.endsWith('_uri') ? `https://a.example/${field}` : `My ${field}`
    }
    expect(fields).toHaveLength(20)
    const answers = await Promise.all(
      fields.map((field, index) => {
        const patch = [{ op: 'replace', path: `/${field}`, value: given(field) }]
        return isolates[index % 2]?.admin('PATCH', `/admin/clients/${id}`, patch)
      }),
    )
    expect(answers.map((answer) => answer?.status)).toEqual(fields.map(() => 200))
    const shown = await read(id)
    expect(fields.filter((field) => shown[field] !== given(field))).toEqual([])
  })
})

describe('all of them', () => {
  const calls: readonly [string, string, unknown?][] = [
    ['PUT', '/admin/clients/known/lifespans', {}],
    ['POST', '/admin/clients/known/secrets/rotate'],
    ['DELETE', '/admin/clients/known/secrets/rotate'],
    ['DELETE', '/admin/oauth2/tokens?client_id=known'],
  ]

  it.each(calls)('%s %s needs a key of scope clients', async (method, path, body) => {
    const keys = { ADMIN_API_KEYS: 'clients:key-for-the-clients,keys:key-for-the-keys-only' }
    const guarded = new Deployment(testEnv(keys))
    const outcomes = ['key-for-the-clients', 'key-for-the-keys-only', 'key-of-nobody-at-all'].map(
      async (key) => {
        const init = { method, headers: { authorization: `Bearer ${key}` } }
        return (await guarded.fetch(path, body === undefined ? init : { ...init, body: '{}' })).status
      },
    )
    const [allowed, ...refused] = await Promise.all(outcomes)
    expect([204, 404]).toContain(allowed)
    expect(refused).toEqual([403, 401])
  })

  it.each(calls)('%s %s answers 503 while storage is down', async (method, path, body) => {
    const outage = withOutage(testEnv())
    outage.down = true
    const answer = await new Deployment(outage.env).admin(method, path, body)
    expect([answer.status, (await bodyOf(answer))['error']]).toEqual([503, 'temporarily_unavailable'])
  })
})

describe('GET /admin/metrics/prometheus', () => {
  it.each(['/admin/metrics/prometheus', '/metrics/prometheus'])(
    '%s: the version as a gauge',
    async (path) => {
      const answer = await deployment.admin('GET', path)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([
        200,
        'text/plain; version=0.0.4; charset=utf-8',
      ])
      expect(await answer.text()).toMatch(
        /^# HELP ladon_info .+\n# TYPE ladon_info gauge\nladon_info\{version="[\d.]+"\} 1\n/,
      )
      expect((await deployment.fetch(path)).status).toBe(401)
    },
  )
})
