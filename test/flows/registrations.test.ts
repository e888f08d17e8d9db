import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { countCalls } from '../support/bindings.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { LogLines } from '../support/log-lines.ts'

const log = new LogLines()
const LIMIT = 3
const on = (limit: string): Readonly<Record<string, string>> => ({
  OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
  OIDC_DYNAMIC_CLIENT_REGISTRATION_HOURLY_LIMIT: limit,
})
const deployment = new Deployment(testEnv(on(String(LIMIT))))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const GOOD = { redirect_uris: ['https://app.example/cb'] }

function register(
  address: string | null,
  metadata: object = GOOD,
  by = deployment,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return by.fetch('/oauth2/register', {
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/json',
      ...(address !== null && { 'cf-connecting-ip': address }),
    },
    body: JSON.stringify(metadata),
  })
}

async function registerOften(
  times: number,
  ...args: Parameters<typeof register>
): Promise<readonly number[]> {
  const statuses: number[] = []
  for (let at = 0; at < times; at += 1) statuses.push((await register(...args)).status)
  return statuses
}

describe('registrations', () => {
  it('are limited by network and hour: 429 with Retry-After and a log line', async () => {
    expect(await registerOften(LIMIT, '192.0.2.1')).toEqual(Array(LIMIT).fill(201))
    const refused = await register('192.0.2.1')
    expect(refused.status).toBe(429)
    const wait = Number(refused.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(1190)
    expect(wait).toBeLessThanOrEqual(1200)
    expect(await bodyOf(refused)).toMatchObject({ error: 'too_many_requests' })
    expect(log.last('request')).toMatchObject({ reason: 'registrations_used_up', status: 429 })
    expect((await register('192.0.2.2')).status).toBe(201)
    vi.setSystemTime(Date.now() + 1_200_000)
    expect(await registerOften(2, '192.0.2.1')).toEqual([201, 429])
  })

  it('that are refused for their metadata do not count', async () => {
    const bad = [{ redirect_uris: 5 }, { redirect_uris: ['nonsense'] }, { ...GOOD, subject_type: 'x' }]
    for (const metadata of [...bad, ...bad]) expect((await register('192.0.2.3', metadata)).status).toBe(400)
    expect(await registerOften(LIMIT, '192.0.2.3')).toEqual(Array(LIMIT).fill(201))
  })

  it('count for the /64 and the /48 of an IPv6 address, whichever isolate they reach', async () => {
    for (let subnet = 0; subnet < 4; subnet += 1) {
      const by = new Deployment(deployment.env)
      const address = `2001:db8:5:${subnet}::${subnet + 1}`
      expect(await registerOften(LIMIT, address, GOOD, by)).toEqual(Array(LIMIT).fill(201))
      expect((await register(address, GOOD, new Deployment({ ...deployment.env }))).status).toBe(429)
    }
    expect((await register('2001:db8:5:99::1')).status).toBe(429)
    expect((await register('2001:db8:6::1')).status).toBe(201)
  })

  it('at once are no more than allowed', async () => {
    const many = await Promise.all(Array.from({ length: 20 }, () => register('192.0.2.4')))
    expect(many.filter(({ status }) => status === 201)).toHaveLength(LIMIT)
    expect(many.filter(({ status }) => status === 429)).toHaveLength(20 - LIMIT)
  })

  it('are not counted without a network, or where the limit is 0', async () => {
    expect(await registerOften(LIMIT + 1, null)).toEqual(Array(LIMIT + 1).fill(201))
    const off = new Deployment(testEnv(on('0')))
    expect(await registerOften(LIMIT + 1, '192.0.2.5', GOOD, off)).toEqual(Array(LIMIT + 1).fill(201))
  })

  it('with an initial access token are counted by that, not here', async () => {
    const path = '/admin/registration/initial-access-tokens'
    const { token } = await bodyOf(await deployment.admin('POST', path, { uses: 100 }))
    const headers = { authorization: `Bearer ${token}` }
    const withToken = [GOOD, deployment, headers] as const
    expect(await registerOften(LIMIT + 1, '192.0.2.7', ...withToken)).toEqual(Array(LIMIT + 1).fill(201))
    expect(await registerOften(LIMIT + 1, '192.0.2.7')).toEqual([...Array(LIMIT).fill(201), 429])
    expect((await register('192.0.2.7', ...withToken)).status).toBe(201)
  })

  it('cost a call and a row each; refused ones nothing', async () => {
    const counted = countCalls(deployment.env)
    const by = new Deployment(counted.env)
    await registerOften(LIMIT, '192.0.2.6', GOOD, by)
    expect(counted.counts.ledger).toBeLessThanOrEqual(LIMIT + 1)
    counted.reset()
    expect(await registerOften(5, '192.0.2.6', GOOD, by)).toEqual(Array(5).fill(429))
    expect(counted.counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })
})
