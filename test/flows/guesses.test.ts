import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { countCalls, varyLedger } from '../support/bindings.ts'
import { Browser, bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { registerDeviceClient, startDevice } from '../support/device.ts'
import { LogLines } from '../support/log-lines.ts'
import { parameter, registerClient, type TestClient } from '../support/relying-party.ts'

const log = new LogLines()
const deployment = new Deployment()
const HERE = '192.0.2.1'
const ELSEWHERE = '192.0.2.2'
const TRIES = 60
const SERVICE = { grant_types: ['client_credentials'], token_endpoint_auth_method: 'client_secret_post' }

let client: TestClient

const from = (address: string | null): Record<string, string> =>
  address === null ? {} : { 'cf-connecting-ip': address }

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  client = await registerClient(deployment, SERVICE)
})

afterEach(() => {
  vi.useRealTimers()
})

const pass = (seconds: number): void => {
  vi.setSystemTime(Date.now() + seconds * 1000)
}

interface Try {
  readonly by?: Deployment
  readonly secret?: string
  readonly address?: string | null
  readonly path?: string
  readonly id?: string
}

/** A request that authenticates the client. */
function request({
  by = deployment,
  secret = client.secret,
  address = HERE,
  path = '/oauth2/token',
  id = client.id,
}: Try): Promise<Response> {
  const fields = { grant_type: 'client_credentials', token: 'x', client_id: id, client_secret: secret }
  return by.form(path, fields, from(address))
}

const statusOf = async (tried: Try): Promise<number> => (await request(tried)).status

/** Tries wrong secrets. */
async function guess(times: number, tried: Try = {}): Promise<readonly number[]> {
  const statuses: number[] = []
  for (let at = 0; at < times; at += 1) statuses.push(await statusOf({ secret: `wrong-${at}`, ...tried }))
  return statuses
}

describe('guesses of a client secret', () => {
  it.each(['/oauth2/token', '/oauth2/revoke', '/oauth2/introspect', '/oauth2/device/auth'])(
    'at %s: after too many, 429 with Retry-After before any look at the secret, and lines in the log',
    async (path) => {
      expect(await guess(TRIES, { path })).toEqual(Array(TRIES).fill(401))
      expect(log.of('audit').filter(({ event }) => event === 'guess.braked')).toMatchObject([
        { reason: 'secret_guessed', client_id: client.id, network: '192.0.2.0/24' },
      ])
      const refused = await request({ path, secret: 'another' })
      expect(refused.status).toBe(429)
      const wait = Number(refused.headers.get('retry-after'))
      expect(wait).toBeGreaterThan(0)
      expect(wait).toBeLessThanOrEqual(10)
      expect(await bodyOf(refused)).toMatchObject({ error: 'too_many_requests' })
      expect(log.last('request')).toMatchObject({ reason: 'secret_guessed', status: 429 })
      // Not even the right one is looked at.
      expect(await statusOf({ path })).toBe(429)
    },
  )

  it('never lock out the client, which comes from elsewhere, nor other clients', async () => {
    const other = await registerClient(deployment, SERVICE)
    await guess(TRIES + 5)
    expect(await statusOf({ address: ELSEWHERE })).toBe(200)
    expect(await statusOf({ id: other.id, secret: other.secret })).toBe(200)
    expect(await statusOf({ by: new Deployment(), address: ELSEWHERE })).toBe(200)
  })

  it('come back one in ten seconds; a client whose secret was corrected waits no longer', async () => {
    await guess(TRIES + 5)
    pass(10)
    for (let at = 0; at < 20; at += 1) expect(await statusOf({})).toBe(200)
    expect(await guess(2)).toEqual([401, 429])
    pass(600)
    expect(await guess(TRIES)).toEqual(Array(TRIES).fill(401))
  })

  it('count for an IPv6 /64, and for its /48 with four times as many', async () => {
    const at = (subnet: number): string => `2001:db8:1:${subnet.toString(16)}::${subnet + 1}`
    expect(await guess(TRIES + 1, { address: at(0) })).toEqual([...Array(TRIES).fill(401), 429])
    expect(await statusOf({ address: at(1) })).toBe(200)
    for (let subnet = 1; subnet <= 180; subnet += 1)
      expect(await guess(1, { address: at(subnet) }), String(subnet)).toEqual([401])
    expect(await guess(3, { address: at(200) })).toEqual([429, 429, 429])
    expect(await statusOf({ address: at(201) })).toBe(429)
    expect(await statusOf({ address: '2001:db8:2::1' })).toBe(200)
  })

  it('are known to other isolates by the ledger', async () => {
    await guess(TRIES)
    const cold = new Deployment()
    // It has seen no miss, so it looks at one secret; the ledger then tells it.
    expect(await guess(3, { by: cold })).toEqual([429, 429, 429])
    expect(await statusOf({ by: cold })).toBe(429)
  })

  it('at once are no more than one after the other, once one of them was wrong', async () => {
    await guess(1)
    const many = await Promise.all(
      Array.from({ length: 3 * TRIES }, (_, at) => statusOf({ secret: `at-once-${at}` })),
    )
    expect(many.filter((status) => status === 401)).toHaveLength(TRIES - 1)
    expect(many.filter((status) => status === 429)).toHaveLength(2 * TRIES + 1)
  })

  it('are not counted for unknown clients, public ones, without a network, or where that is off', async () => {
    const pub = await registerClient(deployment, { token_endpoint_auth_method: 'none' })
    expect(new Set(await guess(TRIES + 2, { id: 'nobody' }))).toEqual(new Set([401]))
    expect(new Set(await guess(TRIES + 2, { id: pub.id }))).toEqual(new Set([401]))
    for (const address of [null, '127.0.0.1'])
      expect(new Set(await guess(TRIES + 2, { address }))).toEqual(new Set([401]))
    const off = new Deployment(testEnv({ LIMITS_OFF: 'secret' }))
    expect(new Set(await guess(TRIES + 2, { by: off }))).toEqual(new Set([401]))
  })
})

describe('the price of a guess', () => {
  it('a right secret costs no call without recent misses, one a second with them, none when refused', async () => {
    const counted = countCalls(testEnv())
    const by = new Deployment(counted.env)
    await request({ by })
    counted.reset()
    expect(await statusOf({ by })).toBe(200)
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
    expect(await guess(1, { by })).toEqual([401])
    expect(counted.counts).toMatchObject({ ledger: 1 })
    counted.reset()
    pass(1)
    for (let at = 0; at < 5; at += 1) expect(await statusOf({ by })).toBe(200)
    expect(counted.counts).toMatchObject({ ledger: 1 })
    await guess(TRIES, { by })
    counted.reset()
    expect(await guess(10, { by })).toEqual(Array(10).fill(429))
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })

  it.each(['spend', 'left'])(
    'while the ledger fails at %s right secrets pass, and wrong ones take their time',
    async (method) => {
      const failing = varyLedger(testEnv(), { [method]: () => Promise.reject(new Error('down')) })
      const by = new Deployment(failing)
      expect(await statusOf({ by })).toBe(200)
      expect(await guess(1, { by })).toEqual([401])
      if (method === 'spend') expect(await guess(2, { by })).toEqual([429, 429])
      pass(10)
      expect(await statusOf({ by })).toBe(200)
      expect(await statusOf({ by, address: ELSEWHERE })).toBe(200)
    },
  )
})

describe('guesses of a user code', () => {
  /** Enters a user code in a browser at an address. */
  async function enter(userCode: string, address: string | null, by = deployment): Promise<Response> {
    const browser = new Browser(by)
    const at = await browser.next('/oauth2/device/verify', { headers: from(address) })
    const challenge = parameter(at, 'device_challenge')
    const query = new URLSearchParams({ device_challenge: challenge })
    return by.admin('PUT', `/admin/oauth2/auth/requests/device/accept?${query}`, { user_code: userCode })
  }

  const tryWrong = async (
    times: number,
    address: string | null,
    by = deployment,
  ): Promise<readonly number[]> => {
    const statuses: number[] = []
    for (let at = 0; at < times; at += 1) statuses.push((await enter('BBBBBBBB', address, by)).status)
    return statuses
  }

  it('right ones never count: a campus behind one address connects as many devices as it likes', async () => {
    const tv = await registerDeviceClient(deployment)
    const { user_code } = await startDevice(deployment, tv)
    const counted = countCalls(testEnv())
    const by = new Deployment(counted.env)
    await enter(user_code, HERE, by)
    counted.reset()
    for (let at = 0; at < 2 * TRIES; at += 1) expect((await enter(user_code, HERE, by)).status).toBe(200)
    // The ledger of the code, and nothing else.
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 2 * TRIES })
  })

  it('wrong ones do, by network: 429 with Retry-After and a log line', async () => {
    expect(await tryWrong(TRIES, HERE)).toEqual(Array(TRIES).fill(400))
    const refused = await enter('BBBBBBBB', HERE)
    expect([refused.status, Number(refused.headers.get('retry-after')) > 0]).toEqual([429, true])
    expect(log.last('request')).toMatchObject({ reason: 'user_code_guessed', status: 429 })
    expect(log.of('audit').filter(({ event }) => event === 'guess.braked')).toMatchObject([
      { reason: 'user_code_guessed', network: '192.0.2.0/24' },
    ])
    const { user_code } = await startDevice(deployment, await registerDeviceClient(deployment))
    expect((await enter(user_code, HERE)).status).toBe(429)
    expect((await enter(user_code, ELSEWHERE)).status).toBe(200)
    pass(10)
    expect((await enter(user_code, HERE)).status).toBe(200)
  })

  it('count for the /48 of an IPv6 address too', async () => {
    for (let subnet = 0; subnet < 4; subnet += 1)
      expect(await tryWrong(TRIES, `2001:db8:9:${subnet}::1`)).toEqual(Array(TRIES).fill(400))
    expect(await tryWrong(1, '2001:db8:9:77::1')).toEqual([429])
    expect(await tryWrong(1, '2001:db8:a:77::1')).toEqual([400])
  })

  it('count together where no network is known', async () => {
    await tryWrong(TRIES, null)
    expect(await tryWrong(1, null)).toEqual([429])
  })

  it('have a bound over all networks where there are few codes, and only there', async () => {
    const keys: string[] = []
    const LIMIT_USER_CODE: RateLimit = {
      limit: async ({ key }) => ({ success: keys.push(key) <= 2 }),
    }
    const preset = (name: string) =>
      new Deployment(testEnv({ LIMIT_USER_CODE, OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_ENTROPY_PRESET: name }))
    const high = preset('high')
    for (let at = 0; at < 5; at += 1) expect(await tryWrong(1, `198.51.100.${at}`, high)).toEqual([400])
    expect(keys).toEqual([])
    const low = preset('low')
    const statuses = []
    for (let at = 0; at < 4; at += 1) statuses.push((await enter('000000000', `203.0.113.${at}`, low)).status)
    expect(statuses).toEqual([400, 400, 429, 429])
    expect(new Set(keys).size).toBe(1)
    expect(log.last('request')).toMatchObject({ reason: 'flooded', facts: ['limit=user_code', 'seconds=60'] })
  })

  it('leave the bound over all networks to others, where one network tries too many short codes', async () => {
    const keys: string[] = []
    const limited = new Deployment(
      testEnv({
        OAUTH2_DEVICE_AUTHORIZATION_USER_CODE_ENTROPY_PRESET: 'low',
        LIMIT_DEVICE: { limit: async () => ({ success: false }) },
        LIMIT_USER_CODE: { limit: async ({ key }: { key: string }) => ({ success: keys.push(key) > 0 }) },
      }),
    )
    expect((await enter('000000000', HERE, limited)).status).toBe(429)
    expect(keys).toEqual([])
  })

  it('the built-in page says so, and asks again', async () => {
    await tryWrong(TRIES, HERE)
    const browser = new Browser(deployment)
    const page = await browser.next('/oauth2/device/verify', { headers: from(HERE) })
    const answer = await browser.visit(page.href, {
      method: 'POST',
      body: new URLSearchParams({ user_code: 'BBBBBBBB' }),
    })
    expect(answer.status).toBe(422)
    expect(await answer.text()).toContain('Too many codes were tried. Wait a few minutes and try again.')
  })
})
