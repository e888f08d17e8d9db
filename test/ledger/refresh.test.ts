import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { advance, DAY, newAttempt, type PlainInput, Subject, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

const GONE = { status: 'gone' }
const REUSED = { status: 'reused' }
const STRICT = { seconds: 0, uses: 0 }

/** A subject whose refresh token is at generation 2, so that 1 was just superseded. */
async function rotated(over: Partial<PlainInput<'refresh'>> = {}): Promise<Subject> {
  const user = new Subject()
  await user.issued()
  await user.call('refresh', user.refreshInput(1, over))
  return user
}

describe('rotation', () => {
  it('advances by one generation and one row', async () => {
    const user = new Subject()
    await user.issued()
    advance(100)
    const result = await user.call('refresh', user.refreshInput(1))
    expect(result).toMatchObject({ status: 'issued', generation: 2, issuedAt: seconds(), via: 'advance' })
    expect(result).toMatchObject({
      grant: { id: user.id, subject: user.name, accessTokenClaims: { plan: 'gold' } },
    })
    expect(await user.rows('grants')).toHaveLength(1)
  })

  it('gives the attempt that made the current generation the same answer, even under strict rotation', async () => {
    const user = new Subject()
    await user.issued()
    const input = user.refreshInput(1, { grace: STRICT })
    const first = await user.call('refresh', input)
    const before = await user.rows('grants')
    advance(5)
    expect(await user.call('refresh', input)).toEqual({ ...first, via: 'repeat' })
    expect(await user.rows('grants')).toEqual(before)
  })

  it('keeps the row as long as the newest tokens live', async () => {
    const user = new Subject()
    await user.issued()
    advance(29 * DAY)
    await user.call('refresh', user.refreshInput(1))
    advance(29 * DAY)
    expect(await user.call('refresh', user.refreshInput(2))).toMatchObject({
      status: 'issued',
      generation: 3,
    })
    advance(30 * DAY)
    expect(await user.call('refresh', user.refreshInput(3))).toEqual(GONE)
  })

  it('never shortens the life of a remembered consent', async () => {
    const user = new Subject()
    await user.issued({}, { record: { remember: true } })
    await user.call('refresh', user.refreshInput(1, { keepSeconds: 60 }))
    advance(400 * DAY)
    expect(await user.list()).toMatchObject([{ id: user.id }])
  })

  it('fast-forwards to a generation newer than the stored one', async () => {
    const user = new Subject()
    await user.issued()
    expect(await user.inspect(7)).not.toBeNull()
    const result = await user.call('refresh', user.refreshInput(7))
    expect(result).toMatchObject({ status: 'issued', generation: 8, via: 'fast_forward' })
    expect(await user.call('refresh', user.refreshInput(7))).toMatchObject({ generation: 8, via: 'grace' })
    expect(await user.call('refresh', user.refreshInput(8))).toMatchObject({ generation: 9, via: 'advance' })
  })
})

describe('grace', () => {
  it('answers any number of callers with the current generation, and writes nothing', async () => {
    const user = await rotated()
    const issuedAt = seconds()
    const before = await user.rows('grants')
    advance(59)
    for (let caller = 0; caller < 5; caller += 1) {
      const result = await user.call('refresh', user.refreshInput(1))
      expect(result).toMatchObject({ status: 'issued', generation: 2, issuedAt, via: 'grace' })
    }
    expect(await user.rows('grants')).toEqual(before)
  })

  it.each([
    ['at its end', { seconds: 60, uses: 0 }, 60],
    ['without any', STRICT, 0],
  ])('takes a superseded generation for reuse %s', async (_name, grace, wait) => {
    const user = await rotated()
    advance(wait)
    const input = user.refreshInput(1, { grace })
    expect(await user.call('refresh', input)).toEqual(REUSED)
    expect(await user.call('refresh', input)).toEqual(REUSED)
    expect(await user.call('refresh', user.refreshInput(2))).toEqual(GONE)
    expect(await user.inspect(2)).toBeNull()
  })

  it('counts uses, but a repeated call only once', async () => {
    const user = await rotated()
    const grace = { seconds: 60, uses: 2 }
    const once = user.refreshInput(1, { grace })
    for (let copy = 0; copy < 4; copy += 1) {
      expect(await user.call('refresh', once)).toMatchObject({ generation: 2, via: 'grace' })
    }
    expect(await user.inspect(1, 60, 'refresh_token', 2)).not.toBeNull()
    expect(await user.call('refresh', user.refreshInput(1, { grace }))).toMatchObject({ via: 'grace' })
    expect(await user.inspect(1, 60, 'refresh_token', 2)).toBeNull()
    expect(await user.inspect(1, 60, 'access_token', 2)).not.toBeNull()
    expect(await user.call('refresh', user.refreshInput(1, { grace }))).toEqual(REUSED)
  })

  it('remembers the last sixteen generations', async () => {
    const user = new Subject()
    await user.issued()
    for (let generation = 1; generation <= 17; generation += 1) {
      await user.call('refresh', user.refreshInput(generation))
    }
    expect(await user.call('refresh', user.refreshInput(2))).toMatchObject({ generation: 18, via: 'grace' })
    expect(await user.call('refresh', user.refreshInput(1))).toEqual(REUSED)
  })
})

describe('refusals change nothing', () => {
  const cases: readonly (readonly [string, Partial<PlainInput<'refresh'>>, object])[] = [
    ['an unknown grant', { id: 'nothing' }, GONE],
    ['another client', { clientId: 'thief' }, GONE],
    [
      'a lost scope',
      { limits: { scope: ['offline'], audience: [], strategy: 'exact' } },
      { status: 'scope_lost', value: 'openid' },
    ],
    [
      'a lost audience',
      { limits: { scope: ['*'], audience: [], strategy: 'wildcard' } },
      { status: 'audience_lost', value: 'https://api.example/v1' },
    ],
    ['a wider scope', { scope: ['openid', 'email'] }, { status: 'scope_refused', value: 'email' }],
  ]
  it.each(cases)('for %s, also with a superseded token', async (_name, over, expected) => {
    const user = new Subject()
    const audience = ['https://api.example/v1']
    await user.issued({}, { record: { audience } })
    const limits = { scope: ['*'], audience: ['https://api.example'], strategy: 'wildcard' } as const
    expect(await user.call('refresh', user.refreshInput(1, { limits }))).toMatchObject({ generation: 2 })
    const before = await user.rows('grants')
    for (const generation of [1, 2]) {
      const input = user.refreshInput(generation, { limits, grace: STRICT, ...over })
      expect(await user.call('refresh', input)).toEqual(expected)
    }
    expect(await user.rows('grants')).toEqual(before)
  })

  it.each([
    [['openid'], { status: 'offline_not_granted' }],
    [['offline'], { status: 'issued' }],
    [['offline_access'], { status: 'issued' }],
  ])('scope %j gives %j', async (scope, expected) => {
    const user = new Subject()
    await user.issued({}, { record: { scope } })
    expect(await user.call('refresh', user.refreshInput(1))).toMatchObject(expected)
  })
})

describe('inspect', () => {
  it.each([
    ['the current generation', 2, 60, 0, true],
    ['a superseded one within the grace', 1, 60, 59, true],
    ['a superseded one after the grace', 1, 60, 60, false],
    ['a superseded one under strict rotation', 1, 0, 0, false],
  ])('of %s', async (_name, generation, grace, wait, active) => {
    const user = await rotated({ attempt: newAttempt() })
    advance(wait)
    expect((await user.inspect(generation, grace)) !== null).toBe(active)
    expect((await user.inspect(generation, grace, 'refresh_token')) !== null).toBe(active)
  })

  it('finds nothing in an empty ledger', async () => {
    const user = new Subject()
    expect(await user.inspect(1)).toBeNull()
    expect(await user.tables()).toEqual([])
  })
})
