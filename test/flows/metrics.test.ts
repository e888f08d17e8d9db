import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
import type { Notice } from '../../src/ledger/types.ts'
import { deliverNotice } from '../../src/logout/notices.ts'
import { runtimeOf } from '../../src/runtime.ts'
import { scheduled } from '../../src/scheduled.ts'
import { release } from '../../src/util/release.ts'
import { Browser, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'
import {
  authorizationPath,
  authorizeAt,
  logIn,
  parameter,
  redeem,
  registerClient,
  revoke,
  tokenRequest,
} from '../support/relying-party.ts'

const lines = new LogLines()

interface Point {
  readonly indexes?: readonly unknown[]
  readonly blobs?: readonly unknown[]
  readonly doubles?: readonly number[]
}

let points: Point[]
let answer: () => Response | Promise<Response>
const METRICS = { writeDataPoint: (point: Point) => points.push(point) }
const env = testEnv({ METRICS, LOG_REQUESTS: 'errors' })
const deployment = new Deployment(env)

beforeEach(() => {
  points = []
  answer = () => new Response()
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => answer())
})

afterEach(() => {
  vi.useRealTimers()
})

const of = (kind: string): Point[] => points.filter(({ blobs }) => blobs?.[0] === kind)

describe('a data point', () => {
  it('is written for each request: route, status, reason, client, grant type, hops and ms', async () => {
    const client = await registerClient(deployment)
    points = []
    await tokenRequest(deployment, client, { grant_type: 'client_credentials' })
    await redeem(deployment, client, 'ory_ac_forged.forged')
    await deployment.fetch('/health/alive')
    const token = (...rest: unknown[]) => ['request', '/oauth2/token', 'POST', ...rest, release]
    expect(points).toEqual([
      {
        indexes: ['/oauth2/token'],
        blobs: token('200', '', '', client.id, 'client_credentials', ''),
        doubles: [expect.any(Number), 0],
      },
      {
        indexes: ['/oauth2/token'],
        blobs: token('400', 'invalid_grant', 'code_unknown', client.id, 'authorization_code', ''),
        doubles: [expect.any(Number), 0],
      },
      {
        indexes: ['/health/alive'],
        blobs: ['request', '/health/alive', 'GET', '200', '', '', '', '', '', release],
        doubles: [expect.any(Number), 0],
      },
    ])
  })

  it('counts the calls of ledgers, and what strangers ask for by one route', async () => {
    const client = await registerClient(deployment)
    const tokens = await logIn(deployment, client)
    points = []
    await revoke(deployment, client, tokens.refresh_token)
    for (const path of ['/a', '/b?c=d']) await deployment.fetch(path)
    expect(of('request').map(({ indexes, doubles }) => [indexes?.[0], doubles?.[1]])).toEqual([
      ['/oauth2/revoke', 1],
      ['/*', 0],
      ['/*', 0],
    ])
  })

  it('has no subject, token, code or secret in it', async () => {
    const client = await registerClient(deployment)
    const browser = new Browser(deployment)
    const login = { subject: 'alice@metrics.example', remember: true }
    const code = parameter(await authorizeAt(deployment, client, { browser, login }), 'code')
    const tokens = await (await redeem(deployment, client, code)).json<Record<string, string>>()
    await deployment.admin('GET', '/admin/oauth2/auth/sessions/consent?subject=alice@metrics.example')
    await browser.visit(authorizationPath(client, { prompt: 'odd' }))
    const text = JSON.stringify(points)
    for (const secret of ['alice', client.secret, code, tokens['access_token'], tokens['refresh_token']])
      expect(text).not.toContain(secret)
  })

  it.each([
    [
      'throws',
      {
        writeDataPoint: () => {
          throw new Error('no')
        },
      },
    ],
    ['is something else', 'a text'],
    ['is absent', undefined],
  ])('disturbs nobody if the dataset %s', async (_how, dataset) => {
    const without = new Deployment(testEnv({ METRICS: dataset }))
    expect((await without.fetch('/health/alive')).status).toBe(200)
    await scheduled(without.env)
  })

  it('is written by each run of the scheduled job, whether it went well or not', async () => {
    await scheduled(env)
    const broken = testEnv({ METRICS, SECRETS_SYSTEM: 'a-system-secret-that-opens-no-row-here' })
    await expect(scheduled(broken)).rejects.toThrow()
    const [good, bad] = of('cron')
    expect(good).toMatchObject({ indexes: ['cron'], doubles: [expect.any(Number)] })
    expect(good?.blobs?.slice(3, 6)).toEqual(['ok', '', ''])
    expect(bad?.blobs?.[3]).toBe('failed')
    expect(bad?.blobs?.[5]).toContain('root_keys')
  })
})

describe('a notice of a logout', () => {
  const notice = (client: string, instance: string, more: object = {}): Notice =>
    Object.assign(
      { kind: 'client', id: crypto.randomUUID(), subject: 'bob', sid: 's' },
      { client, instance },
      more,
    ) as Notice

  it.each([
    ['sent', 200, {}],
    ['refused', 400, {}],
    ['retried', 503, {}],
    ['given_up', 503, { last: true }],
    ['moot', 200, { instance: 'of a client that is gone' }],
  ])('is counted as %s', async (outcome, status, more) => {
    const client = await registerClient(deployment, { backchannel_logout_uri: 'https://rp.example/back' })
    const rt = runtimeOf(env)
    const { instance = '' } = (await rt.clients.read(client.id)) ?? {}
    answer = () => new Response(null, { status })
    points = []
    const settled = await deliverNotice(rt, notice(client.id, instance, more))
    expect(settled).toBe(status < 500)
    expect(points.map(({ indexes, blobs }) => [indexes, blobs?.slice(0, 7)])).toEqual([
      [['notice'], ['notice', 'client', '', outcome, '', '', client.id]],
    ])
    expect(lines.text()).not.toContain('bob')
  })

  it('knows its last try before the day is over', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const subject = `last-${crypto.randomUUID()}`
    const client = await registerClient(deployment, { backchannel_logout_uri: 'https://rp.example/back' })
    await logIn(deployment, client, { login: { subject, remember: true } })
    answer = () => new Response(null, { status: 503 })
    await deployment.admin('DELETE', `/admin/oauth2/auth/sessions/login?subject=${subject}`)
    const ledger = env.LEDGER.getByName(ownerOf('subject', subject, 'none'))
    const tries: unknown[] = []
    for (let hour = 0; hour < 26; hour += 1) {
      vi.setSystemTime(Date.now() + 3_600_000)
      await runInDurableObject(ledger, (instance) => {
        const deliver = Reflect.get(instance, 'deliver')
        Reflect.set(instance, 'deliver', (given: Notice) => {
          tries.push(given.last)
          return Reflect.apply(deliver, instance, [given])
        })
      })
      await runDurableObjectAlarm(ledger)
      await runInDurableObject(ledger, (instance) => Reflect.deleteProperty(instance, 'deliver'))
    }
    expect(tries.length).toBeGreaterThan(3)
    expect(tries).toEqual([...Array(tries.length - 1).fill(undefined), true])
  })
})
