import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Env } from '../../src/env.ts'
import { Ledgers } from '../../src/ledger/client.ts'
import { runtimeOf } from '../../src/runtime.ts'
import { countCalls, newerWorker, type Variant, varyLedger } from '../support/bindings.ts'
import { bodyOf, Deployment, testEnv } from '../support/deployment.ts'

const SETS = ['hydra.jwt.access-token', 'hydra.openid.id-token']

/** Keys that are made at once, so that nobody waits too long for one on a busy machine. */
const FAST = { SIGNING_ALGORITHM: 'ES256' }

/** The sets of the keys that are stored, one entry a key. */
const stored = async (): Promise<unknown[]> =>
  (await testEnv().DB.prepare('SELECT "set" FROM json_web_keys ORDER BY "set"').all()).results.map(
    (row) => row['set'],
  )

/** How often a key pair was made, here or in a ledger. */
let made: { readonly mock: { readonly calls: readonly unknown[] } }

/** When a test begins, ms: each begins on a day of its own, when nothing is remembered of the last one. */
let today = Date.now()

/** Seconds go by, so that what is remembered for so long is forgotten. */
const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000)

beforeEach(async () => {
  today += 86_400_000
  vi.useFakeTimers({ toFake: ['Date'], now: today })
  for (const set of SETS) await runtimeOf(testEnv()).storedKeys.remove(set, null)
  made = vi.spyOn(crypto.subtle, 'generateKey')
  return () => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  }
})

/** An isolate, and the sets whose first key it had a ledger make. */
function watchLedgers(): { readonly asked: readonly string[]; readonly env: Env } {
  const asked: string[] = []
  const makeFirstKey: Variant = async (input, real) => {
    asked.push(String(Reflect.get(Object(input), 'set')))
    return real(input)
  }
  return { asked, env: varyLedger(testEnv(FAST), { makeFirstKey }) }
}

const ready = (env: Env): Promise<Response> => new Deployment(env).fetch('/health/ready')

describe('the first question whether the server is ready', () => {
  it('makes a key for each set that signs, however many ask at once, and the later ones make nothing', async () => {
    const isolates = Array.from({ length: 4 }, () => testEnv(FAST))
    const answers = await Promise.all(isolates.flatMap((env) => [ready(env), ready(env)]))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(await stored()).toEqual(SETS)
    expect(made.mock.calls).toHaveLength(2)
    later(3600)
    expect((await ready(testEnv(FAST))).status).toBe(200)
    expect(await stored()).toEqual(SETS)
    expect(made.mock.calls).toHaveLength(2)
  })

  it('leaves the keys to a ledger, and asks one only while there is no key', async () => {
    const { asked, env: watched } = watchLedgers()
    const { env, counts, reset } = countCalls(watched)
    expect((await ready(env)).status).toBe(200)
    expect(asked.toSorted()).toEqual(SETS)
    reset()
    later(4)
    expect((await ready(env)).status).toBe(200)
    expect(asked).toHaveLength(2)
    expect(counts.d1).toBe(1)
    reset()
    expect((await ready(env)).status).toBe(200)
    expect(counts).toEqual({ d1: 0, kv: 0, ledger: 0 })
  })

  it('waits for the newer code of a ledger that is of an older release, as every call does', async () => {
    const { env, counts } = countCalls(newerWorker(testEnv(FAST), 1))
    const [set = ''] = SETS
    await new Ledgers(env.LEDGER).makeFirstKey(set, 'ES256')
    expect([counts.ledger, await stored()]).toEqual([2, [set]])
    const older = new Ledgers(newerWorker(testEnv(FAST), 9).LEDGER)
    await expect(older.makeFirstKey(set, 'ES256')).rejects.toMatchObject({ code: 'temporarily_unavailable' })
  })

  it('names the keys if they could not be made, and makes them once that is possible', async () => {
    vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new Error('planted'))
    const env = testEnv(FAST)
    const refused = await ready(env)
    expect(refused.status).toBe(503)
    expect(await bodyOf(refused)).toMatchObject({
      error: 'temporarily_unavailable',
      errors: { keys: 'could not be read or made yet' },
    })
    vi.restoreAllMocks()
    later(4)
    expect((await ready(env)).status).toBe(200)
    expect(await stored()).toEqual(SETS)
  })
})

it('a user who comes before anybody asked waits for a ledger too, of the algorithm that is set', async () => {
  const { asked, env } = watchLedgers()
  const answer = await new Deployment(env).fetch('/.well-known/jwks.json')
  const { keys } = await answer.json<{ keys: readonly { alg: string }[] }>()
  expect(keys.map(({ alg }) => alg)).toEqual(['ES256', 'ES256'])
  expect(asked.toSorted()).toEqual(SETS)
})
