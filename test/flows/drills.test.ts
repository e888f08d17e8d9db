import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runtimeOf } from '../../src/runtime.ts'
import { scheduled } from '../../src/scheduled.ts'
import { varyLedger } from '../support/bindings.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { approve, poll, registerDeviceClient, startDevice } from '../support/device.ts'
import {
  authorizationPath,
  authorizeAt,
  LoginApp,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  revoke,
  type TestClient,
  tokenRequest,
} from '../support/relying-party.ts'

const { DB } = testEnv()
let today = Date.now()

/** An installation without keys, days after the last one. */
async function beginAnew(): Promise<void> {
  today += 2 * 86_400_000
  vi.useFakeTimers({ toFake: ['Date'], now: today })
  await DB.batch([DB.prepare('DELETE FROM root_keys'), DB.prepare('DELETE FROM json_web_keys')])
  await isolate({}).admin('DELETE', '/admin/copies')
  // No location has what KV had.
  vi.setSystemTime(today + 61_000)
}

afterAll(() => {
  vi.useRealTimers()
})

/** A new isolate with these settings, over the storage of all. First keys are made with them too, not in a ledger. */
function isolate(settings: Readonly<Record<string, string>>): Deployment {
  const env = testEnv(settings)
  const makeFirstKey = async (input: unknown): Promise<true> => {
    await runtimeOf(env).storedKeys.makeFirst(String(Reflect.get(Object(input), 'set')), 'RS256')
    return true
  }
  return new Deployment(varyLedger(env, { makeFirstKey }))
}

const jwksOf = async (deployment: Deployment): Promise<JSONWebKeySet> =>
  (await deployment.fetch('/.well-known/jwks.json')).json()

const verifies = async (token: string, keys: JSONWebKeySet): Promise<boolean> =>
  jwtVerify(token, createLocalJWKSet(keys)).then(
    () => true,
    () => false,
  )

const isActive = async (deployment: Deployment, token: string): Promise<unknown> =>
  (await deployment.introspect(token))['active']

const secretStatus = async (deployment: Deployment, client: TestClient): Promise<number> =>
  (await tokenRequest(deployment, client, { grant_type: 'client_credentials' })).status

const REMEMBERED = { login: { subject: 'alice', remember: true } } as const

/** Something that was begun under one secret: whether it goes on in another isolate. */
type GoesOn = (then: Deployment) => Promise<unknown>

/** What is alive at any moment, and how it is begun. */
const ALIVE: Readonly<Record<string, (now: Deployment) => Promise<GoesOn>>> = {
  'an opaque access token': async (now) => {
    const { access_token: token } = await logIn(now, await registerClient(now))
    return (then) => isActive(then, token)
  },
  'a JWT access token and an ID token': async (now) => {
    const client = await registerClient(now, { access_token_strategy: 'jwt' })
    const tokens = await logIn(now, client)
    return async (then) => {
      const keys = await jwksOf(then)
      const verified = await Promise.all(
        [tokens.access_token, tokens.id_token].map((token) => verifies(token, keys)),
      )
      return verified.every((one) => one) && isActive(then, tokens.access_token)
    }
  },
  'a refresh token': async (now) => {
    const client = await registerClient(now)
    const { refresh_token: token } = await logIn(now, client)
    return async (then) => (await refresh(then, client, token)).status === 200
  },
  'a remembered session': async (now) => {
    const client = await registerClient(now)
    const browser = new Browser(now)
    await authorizeAt(now, client, { browser, ...REMEMBERED, consent: { remember: true } })
    return async (then) => {
      const elsewhere = new Browser(then)
      for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value)
      const request = { prompt: 'none' }
      return (await authorizeAt(then, client, { browser: elsewhere, request })).searchParams.has('code')
    }
  },
  'a code': async (now) => {
    const client = await registerClient(now)
    const code = parameter(await authorizeAt(now, client), 'code')
    return async (then) => (await redeem(then, client, code)).status === 200
  },
  'a flow at the login app': async (now) => {
    const client = await registerClient(now)
    const browser = new Browser(now)
    const challenge = parameter(await browser.next(authorizationPath(client)), 'login_challenge')
    return async (then) => {
      const app = new LoginApp(then)
      const elsewhere = new Browser(then)
      for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value)
      const verified = await app.decide('login', 'accept', challenge, { subject: 'alice' })
      const consent = parameter(await elsewhere.next(verified), 'consent_challenge')
      const done = await app.decide('consent', 'accept', consent, { grant_scope: ['openid'] })
      return (await elsewhere.next(done)).searchParams.has('code')
    }
  },
  'a device that waits': async (now) => {
    const client = await registerDeviceClient(now)
    const started = await startDevice(now, client)
    return async (then) => {
      await approve(then, started)
      return (await poll(then, client, started)).status === 200
    }
  },
  "a client's secret": async (now) => {
    const client = await registerClient(now)
    return async (then) => (await secretStatus(then, client)) === 200
  },
}

describe('SECRETS_SYSTEM is rotated', () => {
  const [OLD, NEW] = ['the-old-system-secret-of-40-characters--', 'the-new-system-secret-of-40-characters--']
  const outcomes = new Map<string, unknown>()
  let tooSoon: Response

  beforeAll(async () => {
    await beginAnew()
    const old = isolate({ SECRETS_SYSTEM: OLD })
    const begun = new Map<string, GoesOn>()
    for (const [what, begin] of Object.entries(ALIVE))
      for (const phase of ['both', 'new']) begun.set(`${what} ${phase}`, await begin(old))
    const outcome = async (phase: string, then: Deployment): Promise<void> => {
      for (const what of Object.keys(ALIVE))
        outcomes.set(`${what} ${phase}`, await begun.get(`${what} ${phase}`)?.(then))
    }
    await outcome('both', isolate({ SECRETS_SYSTEM: `${NEW},${OLD}` }))
    tooSoon = await isolate({ SECRETS_SYSTEM: NEW }).fetch('/health/ready')
    await scheduled(isolate({ SECRETS_SYSTEM: `${NEW},${OLD}` }).env)
    await outcome('new', isolate({ SECRETS_SYSTEM: NEW }))
  }, 60_000)

  it.each(Object.keys(ALIVE))(
    '%s goes on under new and old, and under the new one alone after the job',
    (what) => {
      expect(outcomes.get(`${what} both`)).toBe(true)
      expect(outcomes.get(`${what} new`)).toBe(true)
    },
  )

  it('the old one dropped before the job is a 503 that names the setting', async () => {
    expect(tooSoon.status).toBe(503)
    expect(await tooSoon.text()).toContain('SECRETS_SYSTEM')
  })

  it('the old secret alone opens nothing any more', async () => {
    expect((await isolate({ SECRETS_SYSTEM: OLD }).fetch('/health/ready')).status).toBe(503)
  })
})

describe('a signing key is pulled', () => {
  const SETS = ['hydra.openid.id-token', 'hydra.jwt.access-token'] as const

  it('what it signed verifies nowhere a minute later, what is signed since does, and opaque tokens go on', async () => {
    await beginAnew()
    const [here, elsewhere] = [isolate({}), isolate({})]
    const client = await registerClient(here, { access_token_strategy: 'jwt' })
    const plain = await registerClient(here)
    const [leaked, opaque] = [await logIn(here, client), await logIn(here, plain)]
    const before = await jwksOf(elsewhere)
    for (const token of [leaked.access_token, leaked.id_token])
      expect(await verifies(token, before)).toBe(true)

    for (const set of SETS) {
      const old = (await bodyOf(await here.admin('GET', `/admin/keys/${set}`)))['keys']
      expect((await here.admin('POST', `/admin/keys/${set}`, { alg: 'RS256', use: 'sig' })).status).toBe(201)
      for (const { kid } of old as { kid: string }[])
        expect((await here.admin('DELETE', `/admin/keys/${set}/${kid}`)).status).toBe(204)
    }
    const fresh = await logIn(here, client)
    vi.setSystemTime(Date.now() + 61_000)
    for (const deployment of [here, elsewhere]) {
      const keys = await jwksOf(deployment)
      for (const token of [leaked.access_token, leaked.id_token])
        expect(await verifies(token, keys)).toBe(false)
      for (const token of [fresh.access_token, fresh.id_token]) expect(await verifies(token, keys)).toBe(true)
      const hint = authorizationPath(client, { prompt: 'none', id_token_hint: leaked.id_token })
      expect((await new Browser(deployment).next(hint)).searchParams.get('error')).toBe('invalid_request')
      expect(await isActive(deployment, opaque.access_token)).toBe(true)
    }
    expect((await refresh(elsewhere, client, leaked.refresh_token)).status).toBe(200)
  })
})

describe('an admin key is rotated', () => {
  const [OLD, NEW] = ['the-old-admin-key-0000', 'the-new-admin-key-1111']
  beforeAll(beginAnew)

  const asks = async (settings: string, key: string): Promise<number> => {
    const headers = { authorization: `Bearer ${key}` }
    return (await isolate({ ADMIN_API_KEYS: settings }).fetch('/admin/clients', { headers })).status
  }

  it.each([
    ['the old one alone', `ops@all:${OLD}`, [200, 401]],
    ['both, under one name', `ops@all:${NEW},ops@all:${OLD}`, [200, 200]],
    ['the new one alone', `ops@all:${NEW}`, [401, 200]],
  ])('%s', async (_phase, settings, statuses) => {
    expect([await asks(settings, OLD), await asks(settings, NEW)]).toEqual(statuses)
  })
})

describe('SECRETS_SYSTEM is lost', () => {
  const [LOST, NEXT] = [
    'the-lost-system-secret-of-40-characters-',
    'the-next-system-secret-of-40-characters-',
  ]
  const begin = async (): Promise<{ readonly client: TestClient; readonly token: string }> => {
    await beginAnew()
    const first = isolate({ SECRETS_SYSTEM: LOST })
    const client = await registerClient(first)
    return { client, token: (await logIn(first, client, { consent: { remember: true } })).access_token }
  }

  const asked: readonly (readonly [string, (at: Deployment, client: TestClient) => Promise<Response>])[] = [
    ['readiness', (at) => at.fetch('/health/ready')],
    ['the JWKS', (at) => at.fetch('/.well-known/jwks.json')],
    ['a token', (at, client) => tokenRequest(at, client, { grant_type: 'client_credentials' })],
    ['a revocation', (at, client) => revoke(at, client, 'ory_at_x.y')],
    ['a key set', (at) => at.admin('GET', '/admin/keys/hydra.openid.id-token')],
  ]

  it.each(asked)('%s is a 503 that names the setting, and nothing is made anew', async (_what, ask) => {
    const { client, token } = await begin()
    const rows = await DB.prepare('SELECT * FROM root_keys').all()
    const response = await ask(isolate({ SECRETS_SYSTEM: NEXT }), client)
    expect(response.status).toBe(503)
    expect(await response.text()).toContain('SECRETS_SYSTEM')
    expect((await DB.prepare('SELECT * FROM root_keys').all()).results).toEqual(rows.results)
    // Put back, all is as it was.
    const back = isolate({ SECRETS_SYSTEM: `${NEXT},${LOST}` })
    expect([await isActive(back, token), await secretStatus(back, client)]).toEqual([true, 200])
  })

  it('for good: without its keys the server starts anew; clients keep all but their secrets, users their consents', async () => {
    const { client, token } = await begin()
    // As the guide deletes them, and a minute later.
    await DB.batch([DB.prepare('DELETE FROM root_keys'), DB.prepare('DELETE FROM json_web_keys')])
    const anew = isolate({ SECRETS_SYSTEM: NEXT })
    expect((await anew.admin('DELETE', '/admin/copies')).status).toBe(204)
    vi.setSystemTime(Date.now() + 61_000)
    expect((await anew.fetch('/health/ready')).status).toBe(200)
    expect([await isActive(anew, token), await secretStatus(anew, client)]).toEqual([false, 503])
    const rotated = await bodyOf(await anew.admin('POST', `/admin/clients/${client.id}/secrets/rotate`))
    const renewed = { id: client.id, secret: String(rotated['client_secret']) }
    expect(await secretStatus(anew, renewed)).toBe(200)
    const consents = await anew.admin('GET', '/admin/oauth2/auth/sessions/consent?subject=alice')
    expect(await consents.json()).toContainEqual(expect.objectContaining({ remember: true }))
    expect((await logIn(anew, renewed)).access_token).toBeTruthy()
  })
})
