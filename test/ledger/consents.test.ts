import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Ledgers } from '../../src/ledger/client.ts'
import { directoryOf } from '../../src/ledger/owner.ts'
import { testEnv } from '../support/bindings.ts'
import { advance, DAY, FLOW, newAttempt, Subject, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

type Over = NonNullable<Parameters<Subject['grantInput']>[0]>

const HOUR = 3600
const remember = { record: { remember: true } }

/** A subject that has logged in, with helpers for what it consents to. */
async function loggedIn() {
  const user = new Subject()
  await user.call('login', user.loginInput())
  return {
    user,
    /** Consents and redeems; the tokens live for as many seconds. */
    async consent(id: string, over: Over, keepSeconds: number | null = 30 * DAY) {
      expect(await user.call('grant', user.grantInput({ id, ...over })), id).toMatchObject({
        status: 'granted',
      })
      expect(await user.call('redeem', user.redeemInput({ id, keepSeconds }))).toMatchObject({
        status: 'issued',
      })
    },
    revokeToken: (id: string) =>
      user.call('revokeGrant', { attempt: newAttempt(), id, clientId: 'app', flowLifetime: FLOW }),
    remove: (target: { readonly id: string } | { readonly clientId: string } | 'all') =>
      user.call('revokeGrants', { attempt: newAttempt(), target, flowLifetime: FLOW }),
    listed: async () => (await user.list()).map(({ id }) => id),
    count: () => user.call('countGrants', { sid: null }),
    remembered: async () => {
      const result = await user.call('login', user.loginInput({ skip: true, expiresAt: null }))
      return result.status === 'active' ? (result.remembered?.id ?? null) : 'ended'
    },
    active: async (id: string) =>
      (await user.call('inspect', {
        id,
        generation: 1,
        grace: { seconds: 60, uses: 0 },
        use: 'access_token',
      })) !== null,
  }
}

describe('the end of the tokens', () => {
  const ways: readonly [string, (user: Subject, id: string) => Promise<unknown>][] = [
    [
      'a revoked token',
      (user, id) =>
        user.call('revokeGrant', { attempt: newAttempt(), id, clientId: 'app', flowLifetime: FLOW }),
    ],
    ['a replayed code', (user, id) => user.call('redeem', user.redeemInput({ id }))],
    [
      'a replayed refresh token',
      async (user, id) => {
        const strict = { id, grace: { seconds: 0, uses: 0 } }
        await user.call('refresh', user.refreshInput(1, strict))
        await user.call('refresh', user.refreshInput(1, strict))
      },
    ],
    [
      'a logout that revokes',
      (user) =>
        user.call('endSessions', {
          attempt: newAttempt(),
          target: { sid: user.sid },
          flowLifetime: FLOW,
          notify: true,
          revoke: true,
        }),
    ],
  ]

  it.each(ways)('by %s leaves a remembered consent, without what went into the tokens', async (_how, end) => {
    const { user, consent, listed, count, active, remove } = await loggedIn()
    const { id } = user
    await consent(id, remember)
    await end(user, id)
    expect(await active(id)).toBe(false)
    expect([await listed(), await count()]).toEqual([[id], 1])
    const [left] = await user.list()
    const { accessTokenClaims, scope, query, instance } = user.record()
    expect(accessTokenClaims).toEqual({ plan: 'gold' })
    expect(left).toMatchObject({
      scope,
      query,
      instance,
      nonce: null,
    })
    expect([left?.accessTokenClaims, left?.idTokenClaims]).toEqual([{}, {}])
    advance(400 * DAY)
    await runDurableObjectAlarm(user.stub)
    await user.call('login', user.loginInput({ sid: crypto.randomUUID() }))
    expect(await listed()).toEqual([id])
    expect(await remove('all')).toEqual({ revoked: [id] })
    expect(await remove('all')).toEqual({ revoked: [] })
    expect([await listed(), await count()]).toEqual([[], 0])
    expect(await user.rows('grants')).toMatchObject([{ record: '', revoked: 1 }])
  })

  it('lets the next login skip, and what rests on the consent stand', async () => {
    const { consent, revokeToken, remembered, active, listed } = await loggedIn()
    await consent('one', remember)
    await consent('two', { restsOn: 'one' })
    expect(await revokeToken('one')).toEqual({ revoked: true })
    expect(await remembered()).toBe('one')
    await consent('three', { restsOn: 'one' })
    expect([await active('one'), await active('two'), await active('three')]).toEqual([false, true, true])
    expect(await listed()).toEqual(['one'])
  })

  it('ends with it a consent that is not remembered', async () => {
    const { user, consent, revokeToken, listed } = await loggedIn()
    await consent('one', {})
    expect(await listed()).toEqual(['one'])
    await revokeToken('one')
    expect(await listed()).toEqual([])
    expect(await user.rows('grants')).toMatchObject([{ record: '', revoked: 1 }])
  })

  it('of a consent remembered for a while leaves it until then', async () => {
    const { consent, revokeToken, remembered } = await loggedIn()
    await consent('one', { ...remember, consentExpiresAt: seconds() + 2 * DAY })
    await revokeToken('one')
    advance(2 * DAY - 1)
    expect(await remembered()).toBe('one')
    advance(1)
    expect(await remembered()).toBeNull()
  })
})

describe('the end of a consent', () => {
  it.each([[{ id: 'one' }], [{ clientId: 'app' }], ['all' as const]])(
    'by %j ends all tokens that rest on it',
    async (target) => {
      const { consent, remove, active, listed, remembered } = await loggedIn()
      await consent('one', remember)
      await consent('two', { restsOn: 'one' })
      expect(await remove(target)).toEqual({ revoked: ['one', 'two'] })
      expect([await active('one'), await active('two')]).toEqual([false, false])
      expect([await listed(), await remembered()]).toEqual([[], null])
    },
  )

  it('after the end of its tokens is another one', async () => {
    const { consent, revokeToken, remove, remembered } = await loggedIn()
    await consent('one', remember)
    await revokeToken('one')
    expect(await remove({ id: 'one' })).toEqual({ revoked: ['one'] })
    expect(await remembered()).toBeNull()
  })

  it.each(['removed', 'over', 'replaced'] as const)(
    'makes a step that skips by it start afresh: %s',
    async (how) => {
      const { user, consent, remove } = await loggedIn()
      await consent('one', { ...remember, consentExpiresAt: seconds() + 60 })
      if (how === 'removed') await remove({ id: 'one' })
      if (how === 'over') advance(60)
      if (how === 'replaced') await consent('newer', remember)
      const late = user.grantInput({ id: 'late', restsOn: 'one' })
      expect(await user.call('grant', late)).toEqual({ status: 'ended' })
    },
  )

  it('of another client is none to rest on', async () => {
    const { user, consent } = await loggedIn()
    await consent('one', remember)
    const foreign = user.grantInput({ id: 'late', restsOn: 'one', record: { clientId: 'other' } })
    expect(await user.call('grant', foreign)).toEqual({ status: 'ended' })
  })

  describe.each([[{ id: 'one' }], [{ clientId: 'app' }], ['all' as const]])('by %j', (target) => {
    it.each([
      ['before the clean-up', 0],
      ['behind the clean-up of very many', 110],
    ])(
      'is for good, though the user goes back and is asked again in the same flow: %s',
      async (_when, others) => {
        const { user, consent, remove, active } = await loggedIn()
        await consent('one', remember)
        await consent('two', { restsOn: 'one' })
        for (let other = 0; other < others; other += 1)
          await user.call('grant', user.grantInput({ id: `more-${other}`, record: { clientId: 'other' } }))
        await remove(target)
        if (others > 0) {
          await remove({ clientId: 'other' })
          await runDurableObjectAlarm(user.stub)
        }
        const login = await user.call('login', user.loginInput())
        const epoch = login.status === 'active' ? login.epoch : Number.NaN
        for (const id of ['one', 'two']) {
          const again = user.grantInput({ id, epoch, digest: 'asked' })
          expect(await user.call('grant', again), id).toEqual({ status: 'ended' })
          expect(await active(id)).toBe(false)
          expect(await user.call('refresh', user.refreshInput(1, { id }))).toEqual({ status: 'gone' })
        }
        const later = user.grantInput({ id: 'later', epoch })
        expect(await user.call('grant', later)).toMatchObject({ status: 'granted' })
      },
    )
  })

  it('comes with a newer one of the same client, and leaves its tokens', async () => {
    const { consent, remembered, active, listed, revokeToken } = await loggedIn()
    await consent('one', remember)
    await consent('two', { restsOn: 'one' })
    advance(1)
    await consent('three', remember)
    expect(await remembered()).toBe('three')
    expect([await active('one'), await active('two')]).toEqual([true, true])
    expect(await listed()).toEqual(['three', 'one'])
    await revokeToken('one')
    // The second grant still rests on it.
    expect(await listed()).toEqual(['three', 'one'])
    await revokeToken('two')
    expect(await listed()).toEqual(['three'])
  })

  it('without tokens leaves nothing of it when a newer one comes', async () => {
    const { user, consent, revokeToken, listed } = await loggedIn()
    await consent('one', remember)
    await revokeToken('one')
    await consent('two', remember)
    expect(await listed()).toEqual(['two'])
    advance(2 * HOUR)
    await runDurableObjectAlarm(user.stub)
    expect(await user.rows('grants')).toMatchObject([{ id: 'two' }])
  })
})

it('is remembered, and its client is told, as before when the grants become many', async () => {
  const user = new Subject()
  await user.issued({}, { notify: true, record: { remember: true } })
  const other = { notify: true, record: { clientId: 'other', remember: true } }
  for (let grant = 0; grant < 98; grant += 1)
    await user.call('grant', user.grantInput({ id: crypto.randomUUID() }))
  await user.call('grant', user.grantInput({ ...other, id: 'other-1' }))
  const remembered = async (clientId: string) => {
    const login = await user.call('login', user.loginInput({ clientId, skip: true, expiresAt: null }))
    return login.status === 'active' ? login.remembered?.id : undefined
  }
  expect(await user.tables()).toEqual(['logins'])
  expect([await remembered('app'), await remembered('other')]).toEqual([user.id, 'other-1'])
  await user.call('grant', user.grantInput({ id: crypto.randomUUID() }))
  expect(await user.tables()).toEqual(['logins', 'remembered'])
  expect([await remembered('app'), await remembered('other')]).toEqual([user.id, 'other-1'])
  await user.call('grant', user.grantInput({ ...other, id: 'other-2' }))
  expect(await remembered('other')).toBe('other-2')
  const ending = {
    attempt: newAttempt(),
    target: { sid: user.sid },
    flowLifetime: FLOW,
    notify: true,
    revoke: false,
  }
  expect((await user.call('endSessions', ending)).told).toMatchObject([
    { client: 'app' },
    { client: 'other' },
  ])
})

describe('rows of consents', () => {
  it('that newer ones replaced go with their tokens, however many logins there were', async () => {
    const { user, consent } = await loggedIn()
    for (const id of ['one', 'two', 'three']) {
      advance(HOUR)
      await user.call('login', user.loginInput())
      await consent(id, remember, DAY)
    }
    advance(2 * DAY)
    await runDurableObjectAlarm(user.stub)
    expect((await user.rows('grants')).map(({ id }) => id)).toEqual(['three'])
  })

  it('stay, listed and found, while anything lives that rests on them', async () => {
    const { user, consent, listed, remove, active } = await loggedIn()
    const ledgers = new Ledgers(testEnv().LEDGER)
    const other = crypto.randomUUID()
    await consent('one', { ...remember, consentExpiresAt: seconds() + HOUR }, HOUR)
    await user.call('login', user.loginInput({ sid: other }))
    await ledgers.call(directoryOf(user.sid, 'none'), 'bindSession', { sid: user.sid, owner: user.owner })
    await consent('two', { restsOn: 'one', record: { sid: other } }, 90 * DAY)
    for (const wait of [2 * HOUR, 40 * DAY]) {
      advance(wait)
      await runDurableObjectAlarm(user.stub)
      expect(await listed()).toEqual(['one'])
      expect(await ledgers.call(directoryOf(user.sid, 'none'), 'owners', { prefix: user.sid })).toHaveLength(
        1,
      )
    }
    expect(await remove({ id: 'one' })).toEqual({ revoked: ['one', 'two'] })
    expect([await active('two'), await listed()]).toEqual([false, []])
    advance(40 * DAY)
    await runDurableObjectAlarm(user.stub)
    expect(await user.tables()).toEqual([])
    expect(await ledgers.call(directoryOf(user.sid, 'none'), 'owners', { prefix: user.sid })).toEqual([])
  })

  it('of an older release that were revoked count for nothing', async () => {
    const { user, consent, listed, remembered } = await loggedIn()
    await consent('one', remember)
    await runInDurableObject(user.stub, (_ledger, state) =>
      state.storage.sql
        .exec("UPDATE logins SET revoked = 1, record = '', tokens_end = NULL WHERE kind = 0")
        .toArray(),
    )
    expect([await listed(), await remembered()]).toEqual([[], null])
  })
})

it('large consents are listed in pages that can be sent, and each is found once', async () => {
  const user = new Subject()
  await user.call('login', user.loginInput())
  const ids = Array.from({ length: 20 }, (_, at) => `grant-${String(at).padStart(2, '0')}`)
  for (const id of ids)
    await user.call('grant', user.grantInput({ id, record: { context: 'x'.repeat(1_900_000) } }))
  const page = (place: object, limit = 100) =>
    user.call('listGrants', { sid: null, after: null, limit, ...place })
  const found: string[] = []
  for (let next = await page({}); next.length > 0; ) {
    expect(next.length).toBeLessThan(5)
    found.push(...next.map(({ id }) => id))
    const { id = '', grantedAt = 0 } = next.at(-1) ?? {}
    next = await page({ after: id, afterGrantedAt: grantedAt })
  }
  expect(found).toEqual(ids.toReversed())
  expect((await page({ offset: 17 }, 2)).map(({ id }) => id)).toEqual(['grant-02', 'grant-01'])
})
