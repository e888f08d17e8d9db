import { runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Ledgers } from '../../src/ledger/client.ts'
import { seconds as inSeconds, milliseconds } from '../../src/util/clock.ts'
import {
  countCalls,
  delayLedger,
  dropAnswers,
  testEnv,
  type Variant,
  varyLedger,
} from '../support/bindings.ts'
import { asMeant, FLOW, newAttempt, Subject } from './support.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const lost = (method: string, times: number, over: object = {}) =>
  dropAnswers(testEnv(), { method, times, retryable: true, ...over })

describe('a lost reply', () => {
  it.each([1, 2])('is made good by trying again, up to twice (%i)', async (times) => {
    const user = new Subject()
    await user.consented()
    const env = lost('redeem', times)
    const redeemed = await user.call('redeem', user.redeemInput(), env)
    expect(redeemed).toMatchObject({ status: 'issued', generation: 1 })
    expect(await user.inspect(1)).not.toBeNull()
  })

  it.each([
    ['grant', { status: 'granted', first: true }],
    ['redeem', { status: 'issued' }],
    ['refresh', { status: 'issued', generation: 2, via: 'repeat' }],
    ['revokeGrant', { revoked: true }],
    ['endSessions', { ended: [expect.any(String)], notices: [], told: [], revoked: [] }],
    ['consumeId', { first: true }],
  ] as const)('of %s gives the answer of the first try', async (method, expected) => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    if (method !== 'grant') await user.call('grant', user.grantInput())
    if (method !== 'grant' && method !== 'redeem') await user.call('redeem', user.redeemInput())
    const { id } = user
    const attempt = newAttempt()
    const inputs = {
      grant: user.grantInput(),
      redeem: user.redeemInput(),
      refresh: user.refreshInput(1, { grace: { seconds: 0, uses: 0 } }),
      revokeGrant: { attempt, id, clientId: 'app', flowLifetime: FLOW },
      endSessions: { attempt, target: 'all', flowLifetime: FLOW, notify: false, revoke: false },
      consumeId: { attempt, id: 'jti', expiresAt: Math.ceil(Date.now() / 1000) + 60 },
    } as const
    expect(await user.call(method, inputs[method], lost(method, 1))).toMatchObject(expected)
  })

  it.each([
    ['too often', { times: 3, retryable: true }, 3],
    ['and may not be asked for again', { times: 1, retryable: false }, 1],
    ['because the object is overloaded', { times: 1, retryable: true, overloaded: true }, 1],
    ['because the object was stopped, again and again', { times: 3, retryable: false, reset: true }, 3],
    ['because the object stopped itself', { times: 1, retryable: false, reset: true, remote: true }, 1],
  ])('%s is an unknown outcome', async (_name, dropped, calls) => {
    const user = new Subject()
    await user.consented()
    const { env, counts } = countCalls(dropAnswers(testEnv(), { method: 'redeem', ...dropped }))
    const failing = user.call('redeem', user.redeemInput(), env)
    await expect(failing).rejects.toMatchObject({
      name: 'OAuthError',
      code: 'temporarily_unavailable',
      status: 503,
    })
    expect(counts.ledger).toBe(calls)
    expect(await user.inspect(1)).not.toBeNull()
  })
})

describe('a ledger that does not answer', () => {
  /** Ledgers of which some methods say nothing, called with a short deadline. */
  const silentAt = (variants: Readonly<Record<string, Variant>>, deadlineMs = 100) => {
    const { env, counts } = countCalls(varyLedger(testEnv(), variants))
    return { ledgers: new Ledgers(env.LEDGER, milliseconds(deadlineMs)), counts }
  }
  const never = (): Promise<never> => new Promise(() => undefined)
  const unknown = { code: 'temporarily_unavailable', reason: 'ledger_unreachable' }

  it('is an unknown outcome, and is not asked again in the same call', async () => {
    const user = new Subject()
    await user.consented()
    const { ledgers, counts } = silentAt({ redeem: never })
    await expect(
      ledgers.call(user.owner, 'redeem', asMeant<'redeem'>(user.redeemInput())),
    ).rejects.toMatchObject(unknown)
    expect(counts.ledger).toBe(1)
  })

  it('is asked by one call a second until it answers, and nobody else waits', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    let silent = true
    const mute: Variant = async (input, real) => (silent ? never() : real(input))
    const { ledgers, counts } = silentAt({ ping: mute }, 2000)
    const [owner, other] = [new Subject().owner, new Subject().owner]
    const ping = (whose = owner): Promise<unknown> => ledgers.during('request').call(whose, 'ping', null)
    await expect(ping()).rejects.toMatchObject(unknown)
    const refused = await Promise.allSettled(Array.from({ length: 20 }, () => ping()))
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true)
    expect(counts.ledger).toBe(1)
    silent = false
    expect(await ping(other)).toBe('ok')
    await expect(ping()).rejects.toMatchObject(unknown)
    vi.setSystemTime(Date.now() + 1000)
    expect(await ping()).toBe('ok')
    expect(await Promise.all([ping(), ping()])).toEqual(['ok', 'ok'])
    vi.useRealTimers()
  })

  it('does not count as down again because of a call from before it answered', async () => {
    let silent = true
    const { ledgers, counts } = silentAt({
      ping: async (input, real) => (silent ? never() : real(input)),
    })
    const { owner } = new Subject()
    const old = expect(ledgers.call(owner, 'ping', null)).rejects.toMatchObject(unknown)
    await vi.waitUntil(() => counts.ledger === 1)
    silent = false
    expect(await ledgers.call(owner, 'ping', null)).toBe('ok')
    await old
    expect(await ledgers.call(owner, 'ping', null)).toBe('ok')
    expect(ledgers.silent).toBe(0)
  })

  it('is reported for a minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { ledgers } = silentAt({ ping: never })
    await expect(ledgers.call(new Subject().owner, 'ping', null)).rejects.toMatchObject(unknown)
    expect(ledgers.silent).toBe(1)
    vi.setSystemTime(Date.now() + 60_000)
    expect(ledgers.silent).toBe(0)
    vi.useRealTimers()
  })

  it('may have done its work: the same attempt then gets the same answer', async () => {
    const user = new Subject()
    await user.consented()
    const { ledgers } = silentAt({
      redeem: async (input, real) => {
        await real(input)
        return never()
      },
    })
    const input = user.redeemInput()
    await expect(ledgers.call(user.owner, 'redeem', asMeant<'redeem'>(input))).rejects.toMatchObject(unknown)
    expect(await user.call('redeem', input)).toMatchObject({ status: 'issued', generation: 1 })
  })

  it('is not waited for beyond the deadline by its retries', async () => {
    const { ledgers, counts } = silentAt({
      ping: async () => {
        await scheduler.wait(60)
        throw Object.assign(new Error('lost'), { retryable: true })
      },
    })
    await expect(ledgers.call(new Subject().owner, 'ping', null)).rejects.toMatchObject(unknown)
    expect(counts.ledger).toBeLessThan(3)
  })

  it('is not tried again when the pause before that took what was left of the time', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const lost = Object.assign(new Error('lost'), { retryable: true })
    const { ledgers, counts } = silentAt({ ping: () => Promise.reject(lost) })
    vi.spyOn(scheduler, 'wait').mockImplementation(async () => {
      vi.setSystemTime(Date.now() + 100)
    })
    await expect(ledgers.call(new Subject().owner, 'ping', null)).rejects.toMatchObject(unknown)
    expect(counts.ledger).toBe(1)
    vi.useRealTimers()
  })
})

describe('a ledger that fails by itself', () => {
  it('is asked once, is not temporary, and is logged once, by name and request', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const { env, counts } = countCalls(testEnv())
    const user = new Subject()
    await user.issued()
    await runInDurableObject(user.stub, (_ledger, state) =>
      state.storage.sql.exec("UPDATE logins SET record = '{' WHERE kind = 0").toArray(),
    )
    const grace = { seconds: inSeconds(0), uses: 0 }
    const input = { id: user.id, generation: 1, grace, use: 'access_token' } as const
    const failing = new Ledgers(env.LEDGER).during('request-1').call(user.owner, 'inspect', input)
    await expect(failing).rejects.toMatchObject({ name: 'OAuthError', code: 'server_error', status: 500 })
    expect(counts.ledger).toBe(1)
    expect(log.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
      {
        kind: 'ledger.failed',
        request_id: 'request-1',
        method: 'inspect',
        tries: 1,
        error: 'OAuthError',
        remote: true,
        retryable: false,
        overloaded: false,
        reset: false,
      },
    ])
  })
})

describe('racing callers', () => {
  const twenty = Array.from({ length: 20 }, (_, at) => at)

  it('redeem a code once', async () => {
    const user = new Subject(delayLedger(testEnv()))
    await user.consented()
    const results = await Promise.all(twenty.map(() => user.call('redeem', user.redeemInput())))
    expect(results.filter((result) => result.status === 'issued')).toHaveLength(1)
    expect(results.filter((result) => result.status === 'reused')).toHaveLength(19)
  })

  it('share one successor of a refresh token', async () => {
    const user = new Subject(delayLedger(testEnv()))
    await user.issued()
    const results = await Promise.all(twenty.map(() => user.call('refresh', user.refreshInput(1))))
    const answers = results.map((result) => (result.status === 'issued' ? result.generation : result.status))
    expect(answers).toEqual(twenty.map(() => 2))
    expect(results.filter((result) => result.status === 'issued' && result.via === 'advance')).toHaveLength(1)
  })
})

describe('countCalls', () => {
  it('counts statements, batches, KV methods and ledger methods, which still work', async () => {
    const { env, counts, reset } = countCalls(testEnv())
    await new Ledgers(env.LEDGER).call(new Subject().owner, 'ping', null)
    expect(counts).toEqual({ d1: 0, kv: 0, ledger: 1 })
    await env.COPIES.put('k', 'v')
    expect(await env.COPIES.get('k')).toBe('v')
    expect(counts).toEqual({ d1: 0, kv: 2, ledger: 1 })
    reset()
    const statement = env.DB.prepare('SELECT ? AS x')
    expect(await statement.bind(1).first('x')).toBe(1)
    const batch = await env.DB.withSession().batch<{ x: number }>([statement.bind(2), statement.bind(3)])
    expect(batch.flatMap((result) => result.results)).toEqual([{ x: 2 }, { x: 3 }])
    expect(counts).toEqual({ d1: 2, kv: 0, ledger: 0 })
  })
})
