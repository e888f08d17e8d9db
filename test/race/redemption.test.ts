import { describe, expect, it } from 'vitest'
import type { Env } from '../../src/env.ts'
import type { Input, RedeemResult, RefreshResult } from '../../src/ledger/types.ts'
import { delayLedger, type Variant, varyLedger } from '../support/bindings.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import { authorizeAt, logIn, parameter, redeem, refresh, registerClient } from '../support/relying-party.ts'

const CALLERS = 20

const times = <T>(run: (turn: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: CALLERS }, (_, turn) => run(turn)))

/** Latency before every ledger call, so that reads and decisions of different callers interleave. */
const slow = (env: Env): Deployment => new Deployment(delayLedger(env))

/** 20 parallel redemptions of one code: exactly one winner. Throws otherwise. */
async function raceForCode(deployment: Deployment): Promise<void> {
  const client = await registerClient(deployment)
  const code = parameter(await authorizeAt(deployment, client), 'code')
  const responses = await times(() => redeem(deployment, client, code))
  expect(responses.map(({ status }) => status).sort()).toEqual([200, ...Array(CALLERS - 1).fill(400)])
}

/** 20 parallel refreshes of one token, from several isolates: one shared successor. Throws otherwise. */
async function raceForSuccessor(deployments: readonly Deployment[]): Promise<void> {
  const [first = new Deployment()] = deployments
  const client = await registerClient(first)
  const tokens = await logIn(first, client)
  const at = (turn: number): Deployment => deployments[turn % deployments.length] ?? first
  const responses = await times((turn) => refresh(at(turn), client, tokens.refresh_token))
  expect(responses.map(({ status }) => status)).toEqual(Array(CALLERS).fill(200))
  const bodies = await Promise.all(responses.map(bodyOf))
  expect(new Set(bodies.map((body) => body['refresh_token'])).size).toBe(1)
  expect(new Set(bodies.map((body) => body['access_token'])).size).toBe(1)
  const successor = String(bodies[0]?.['refresh_token'])
  expect(await first.introspect(String(bodies[0]?.['access_token']))).toMatchObject({ active: true })

  const strict = new Deployment(testEnv({ OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '0s' }))
  expect((await refresh(strict, client, tokens.refresh_token)).status).toBe(400)
  expect(await first.introspect(String(bodies[0]?.['access_token']))).toEqual({ active: false })
  expect((await refresh(first, client, successor)).status).toBe(400)
}

/**
 * A ledger as one would naively write it over a store: read, decide, and only then write. The code is written once
 * all its redeemers have read.
 */
function naiveLedger(redeemers: number): Readonly<Record<string, Variant>> {
  const redeemed = new Map<string, Promise<RedeemResult>>()
  const generations = new Map<string, number>()
  const allHaveRead = Promise.withResolvers<void>()
  let readers = 0
  const redeemOnce = async (
    input: Input<'redeem'>,
    real: (input: Input<'redeem'>) => Promise<RedeemResult>,
  ) => {
    const known = redeemed.has(input.id)
    readers += 1
    if (readers === redeemers) allHaveRead.resolve()
    await allHaveRead.promise
    const result = redeemed.get(input.id) ?? real(input)
    redeemed.set(input.id, result)
    return known ? ({ status: 'reused' } as const) : result
  }
  const rotate = async (
    input: Input<'refresh'>,
    real: (input: Input<'refresh'>) => Promise<RefreshResult>,
  ) => {
    const generation = generations.get(input.id) ?? input.generation
    const result = await real(input)
    await scheduler.wait(Math.random() * 3)
    const next = Math.max(generation, generations.get(input.id) ?? 0) + 1
    generations.set(input.id, next)
    return result.status === 'issued' ? { ...result, generation: next } : result
  }
  return {
    redeem: (input, real) =>
      redeemOnce(
        input as Input<'redeem'>,
        real as typeof real & ((i: Input<'redeem'>) => Promise<RedeemResult>),
      ),
    refresh: (input, real) =>
      rotate(
        input as Input<'refresh'>,
        real as typeof real & ((i: Input<'refresh'>) => Promise<RefreshResult>),
      ),
  }
}

const naive = (redeemers: number): Deployment => slow(varyLedger(testEnv(), naiveLedger(redeemers)))

describe('20 parallel redemptions of one code', () => {
  it('have exactly one winner, from one isolate or several', async () => {
    for (let round = 0; round < 3; round += 1) await raceForCode(slow(testEnv()))
  })

  it('fail this test in a store that reads, decides and writes', async () => {
    await expect(raceForCode(naive(CALLERS))).rejects.toThrow(/expected/)
  })
})

describe('20 parallel refreshes of one token', () => {
  it('share one successor, and reuse after the grace kills the family', async () => {
    await raceForSuccessor([slow(testEnv()), slow(testEnv())])
  })

  it('fail this test in a store that reads, decides and writes', async () => {
    await expect(raceForSuccessor([naive(1)])).rejects.toThrow(/expected/)
  })
})
