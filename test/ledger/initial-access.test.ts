import { runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Owner, ownerOf } from '../../src/ledger/owner.ts'
import { testEnv } from '../support/bindings.ts'
import { advance, callLedger, newAttempt, type PlainInput, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

const env = testEnv()
let made = 0
const registrar = (): Owner => ownerOf('registrar', `test ${++made}`)
const token = (over: Partial<PlainInput<'addInitialAccess'>> = {}): PlainInput<'addInitialAccess'> => ({
  attempt: newAttempt(),
  id: 'one',
  uses: 3,
  policy: '{}',
  createdAt: seconds(),
  expiresAt: seconds() + 60,
  ...over,
})
const take = (owner: Owner, attempt = newAttempt(), id = 'one') =>
  callLedger(env, owner, 'useInitialAccess', { id, attempt })

describe('an initial access token', () => {
  it('gives as many uses as it has among parallel callers, and a repeated attempt takes none', async () => {
    const owner = registrar()
    const input = token()
    expect(await callLedger(env, owner, 'addInitialAccess', input)).toEqual({ added: true })
    const attempts = Array.from({ length: 20 }, newAttempt)
    const results = await Promise.all(attempts.map((attempt) => take(owner, attempt)))
    expect(results.toSorted()).toEqual([...Array(17).fill('spent'), 'taken', 'taken', 'taken'])
    const winners = attempts.filter((_, index) => results[index] === 'taken')
    for (const attempt of winners) expect(await take(owner, attempt)).toBe('taken')
    expect(await take(owner)).toBe('spent')
    // The same creation again does not give its uses back.
    expect(await callLedger(env, owner, 'addInitialAccess', input)).toEqual({ added: true })
    expect(await callLedger(env, owner, 'findInitialAccess', { id: 'one' })).toMatchObject({ used: 3 })
  })

  it('is gone when it expires, and its ledger with it', async () => {
    const owner = registrar()
    await callLedger(env, owner, 'addInitialAccess', token())
    advance(59)
    expect(await take(owner)).toBe('taken')
    advance(1)
    expect(await take(owner)).toBe('gone')
    expect(await callLedger(env, owner, 'findInitialAccess', { id: 'one' })).toBeNull()
    expect(await callLedger(env, owner, 'countInitialAccess', null)).toBe(0)
  })

  it('is revoked once, for every attempt that follows', async () => {
    const owner = registrar()
    await callLedger(env, owner, 'addInitialAccess', token())
    const attempt = newAttempt()
    for (let turn = 0; turn < 2; turn += 1)
      expect(await callLedger(env, owner, 'revokeInitialAccess', { id: 'one', attempt })).toEqual({
        revoked: true,
      })
    const again = { id: 'one', attempt: newAttempt() }
    expect(await callLedger(env, owner, 'revokeInitialAccess', again)).toEqual({ revoked: false })
    expect(await take(owner)).toBe('gone')
    expect(await take(owner, newAttempt(), 'unknown')).toBe('gone')
    const list = { after: null, offset: 0, limit: 10 }
    expect(await callLedger(env, owner, 'listInitialAccess', list)).toEqual([])
  })

  it('is listed by its id, in pages', async () => {
    const owner = registrar()
    for (const id of ['c', 'a', 'b']) await callLedger(env, owner, 'addInitialAccess', token({ id }))
    const ids = async (after: string | null, offset: number, limit: number): Promise<string[]> => {
      const listed = await callLedger(env, owner, 'listInitialAccess', { after, offset, limit })
      return listed.map(({ id }) => id)
    }
    expect([await ids(null, 0, 2), await ids('b', 0, 2), await ids(null, 1, 5)]).toEqual([
      ['a', 'b'],
      ['c'],
      ['b', 'c'],
    ])
  })

  it('finds no room beside ten thousand others', async () => {
    const owner = registrar()
    await callLedger(env, owner, 'addInitialAccess', token())
    await runInDurableObject(env.LEDGER.getByName(owner), (_ledger, { storage }) => {
      storage.sql.exec(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
         INSERT INTO initial_access (id, uses, policy, created_at, attempt, expires)
         SELECT 'n' || i, 1, '{}', 0, '', ? FROM n`,
        seconds() + 60,
      )
    })
    const late = token({ id: 'late' })
    expect(await callLedger(env, owner, 'addInitialAccess', late)).toEqual({ added: false })
    await callLedger(env, owner, 'revokeInitialAccess', { id: 'n1', attempt: newAttempt() })
    expect(await callLedger(env, owner, 'addInitialAccess', late)).toEqual({ added: true })
  })
})

type Step =
  | { readonly do: 'take' | 'repeat' }
  | { readonly do: 'revoke' }
  | { readonly do: 'wait'; readonly seconds: number }

it('never gives more clients than it has uses, whatever happens in whatever order', async () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('take' as const, 'repeat' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 20, 61) }),
    },
  )
  const run = fc.asyncProperty(
    fc.integer({ min: 1, max: 4 }),
    fc.array(step, { maxLength: 20 }),
    async (uses, steps) => {
      const owner = registrar()
      const ends = seconds() + 60
      await callLedger(env, owner, 'addInitialAccess', token({ uses, expiresAt: ends }))
      const winners = new Set<string>()
      let revoked = false
      for (const next of steps) {
        const alive = !revoked && seconds() < ends
        if (next.do === 'wait') advance(next.seconds)
        else if (next.do === 'revoke') {
          const input = { id: 'one', attempt: newAttempt() }
          expect(await callLedger(env, owner, 'revokeInitialAccess', input)).toEqual({ revoked: alive })
          revoked = true
        } else {
          const [earlier] = winners
          const attempt = next.do === 'repeat' && earlier !== undefined ? earlier : newAttempt()
          const fits = winners.has(attempt) || winners.size < uses
          expect(await take(owner, attempt)).toBe(alive ? (fits ? 'taken' : 'spent') : 'gone')
          if (alive && fits) winners.add(attempt)
        }
        expect(winners.size).toBeLessThanOrEqual(uses)
      }
    },
  )
  await fc.assert(run, { numRuns: 40 })
})
