import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import {
  countCalls,
  firstLedgers,
  newerWorker,
  testEnv,
  type Variant,
  varyLedger,
} from '../support/bindings.ts'
import { FLOW, newAttempt, Subject } from './support.ts'

/** The object behind a subject, as it runs now; a stub of an object that stopped leads nowhere. */
const running = ({ owner }: Subject): Promise<object> =>
  runInDurableObject(testEnv().LEDGER.getByName(owner), (ledger) => ledger)

const UNKNOWN = { code: 'temporarily_unavailable', status: 503 }

const endSession = (user: Subject) =>
  ({
    attempt: newAttempt(),
    target: { sid: user.sid },
    flowLifetime: FLOW,
    notify: false,
    revoke: false,
  }) as const

describe('a Worker newer than its ledger', () => {
  it('has it start anew, and is served by the newer code it then has', async () => {
    const user = new Subject()
    await user.issued()
    const before = await running(user)
    const { env, counts } = countCalls(newerWorker(testEnv(), 1))
    expect(await user.call('refresh', user.refreshInput(1), env)).toMatchObject({
      generation: 2,
      via: 'advance',
    })
    expect(counts.ledger).toBe(2)
    expect(await running(user)).not.toBe(before)
  })

  it('is not served, and changes nothing, while the code stays older', async () => {
    const user = new Subject()
    await user.issued()
    const env = newerWorker(testEnv(), 9)
    await expect(user.call('session', { sid: user.sid }, env)).rejects.toMatchObject(UNKNOWN)
    await expect(user.call('endSessions', endSession(user), env)).rejects.toMatchObject(UNKNOWN)
    expect(await user.call('session', { sid: user.sid })).not.toBeNull()
    expect(await user.inspect(1)).not.toBeNull()
  })

  const adding =
    (more: object): Variant =>
    (input, real) =>
      real({ ...Object(input), ...more })

  it.each<readonly [string, object]>([
    ['an argument', { onlyStale: true }],
    ['an argument within another', { target: { sid: 'any', onlyStale: true } }],
    ['an argument named like a member of every object', { constructor: true }],
  ])('that sends %s which the ledger does not know is not served', async (_name, more) => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    const { env, counts } = countCalls(varyLedger(testEnv(), { endSessions: adding(more) }))
    await expect(user.call('endSessions', endSession(user), env)).rejects.toMatchObject(UNKNOWN)
    expect(counts.ledger).toBe(3)
    expect(await user.call('session', { sid: user.sid })).not.toBeNull()
  })

  it('that leaves such an argument out is served', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    const env = varyLedger(testEnv(), { endSessions: adding({ onlyStale: undefined }) })
    expect(await user.call('endSessions', endSession(user), env)).toMatchObject({ ended: [user.sid] })
  })

  it.each(['later', 'toString'])(
    'that calls method %s, which the ledger does not know, is not served',
    async (name) => {
      const user = new Subject()
      await user.issued()
      const answer = runInDurableObject(user.stub, (ledger) =>
        Reflect.apply(Reflect.get(ledger, 'run'), ledger, [name, {}, 1]),
      )
      await expect(answer).rejects.toThrow()
      expect(await user.inspect(1)).not.toBeNull()
    },
  )
})

describe.each([
  ['as text', () => testEnv()],
  ['as the object that the first release sent', () => firstLedgers(testEnv())],
])('an answer %s', (_name, bindings) => {
  it('says what the ledger does', async () => {
    const user = new Subject(bindings())
    const { name: subject, id } = user
    expect(await user.call('session', { sid: user.sid })).toBeNull()
    await user.consented()
    const issued = await user.call('redeem', user.redeemInput())
    expect(issued).toMatchObject({ status: 'issued', generation: 1, grant: { subject, id } })
    expect(await user.inspect(1)).toMatchObject({ subject, accessTokenClaims: { plan: 'gold' } })
    expect(await user.call('session', { sid: user.sid })).toMatchObject({ subject })
    expect(await user.call('ping', null)).toBe('ok')
  })
})
