import { describe, expect, it } from 'vitest'
import type { Env } from '../../src/env.ts'
import { delayLedger } from '../support/bindings.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'
import {
  authorizeAt,
  logIn,
  parameter,
  redeem,
  refresh,
  registerClient,
  type TestClient,
} from '../support/relying-party.ts'

const CALLERS = 20

/** The real server, with every ledger call held back for a random while first. */
const slow = (): Deployment => new Deployment(delayLedger(testEnv()))

/** What a store that reads, then decides, then writes would do: the deliberately wrong variant these tests must catch. */
class NaiveStore {
  readonly #spent = new Set<string>()
  readonly #generation = new Map<string, number>()

  async redeem(code: string): Promise<boolean> {
    const spent = this.#spent.has(code)
    await scheduler.wait(Math.random() * 3)
    this.#spent.add(code)
    return !spent
  }

  async refresh(grant: string): Promise<number> {
    const generation = this.#generation.get(grant) ?? 1
    await scheduler.wait(Math.random() * 3)
    const next = Math.max(generation, this.#generation.get(grant) ?? 1) + 1
    this.#generation.set(grant, next)
    return next
  }
}

const times = <T>(run: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: CALLERS }, run))

async function redeemInParallel(deployment: Deployment, client: TestClient): Promise<readonly number[]> {
  const code = parameter(await authorizeAt(deployment, client), 'code')
  const responses = await times(() => redeem(deployment, client, code))
  return responses.map(({ status }) => status)
}

const winners = (statuses: readonly number[]): number => statuses.filter((status) => status === 200).length

describe('20 parallel redemptions of one code', () => {
  it('have exactly one winner, from one isolate or several', async () => {
    const client = await registerClient(new Deployment())
    for (const deployment of [slow(), slow(), slow()]) {
      const statuses = await redeemInParallel(deployment, client)
      expect(winners(statuses)).toBe(1)
      expect(statuses.filter((status) => status === 400)).toHaveLength(CALLERS - 1)
    }
  })

  it('would have several in a store that reads and writes apart', async () => {
    const naive = new NaiveStore()
    const outcomes = await times(() => naive.redeem('code'))
    expect(outcomes.filter(Boolean).length).toBeGreaterThan(1)
  })
})

describe('20 parallel refreshes of one token', () => {
  const successors = async (deployments: readonly Deployment[], client: TestClient, token: string) => {
    let turn = 0
    const responses = await times(() => {
      const deployment = deployments[turn % deployments.length] ?? slow()
      turn += 1
      return refresh(deployment, client, token)
    })
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200))
    return Promise.all(responses.map(bodyOf))
  }

  it('share one successor, and reuse after the grace kills the family', async () => {
    const settings = { OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '60s' }
    const isolates: readonly Env[] = [testEnv(settings), testEnv(settings)]
    const deployments = isolates.map((env) => new Deployment(delayLedger(env)))
    const [first = slow()] = deployments
    const client = await registerClient(first)
    const tokens = await logIn(first, client)
    const bodies = await successors(deployments, client, tokens.refresh_token)
    expect(new Set(bodies.map((body) => body['refresh_token'])).size).toBe(1)
    expect(new Set(bodies.map((body) => body['access_token'])).size).toBe(1)
    const [successor] = bodies
    expect(await first.introspect(String(successor?.['access_token']))).toMatchObject({ active: true })

    const strict = new Deployment(testEnv({ OAUTH2_GRANT_REFRESH_TOKEN_ROTATION_GRACE_PERIOD: '0s' }))
    expect((await refresh(strict, client, tokens.refresh_token)).status).toBe(400)
    expect(await first.introspect(String(successor?.['access_token']))).toEqual({ active: false })
    expect((await refresh(first, client, String(successor?.['refresh_token']))).status).toBe(400)
  })

  it('would make several in a store that reads and writes apart', async () => {
    const naive = new NaiveStore()
    const generations = await times(() => naive.refresh('grant'))
    expect(new Set(generations).size).toBeGreaterThan(1)
  })
})
