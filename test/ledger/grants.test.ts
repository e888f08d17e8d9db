import { runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { advance, DAY, FLOW, newAttempt, Subject, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

const GONE = { status: 'gone' }
const ENDED = { status: 'ended' }
const REUSED = { status: 'reused' }

/** Ends sessions and leaves their grants alone. */
const endSessions = (user: Subject, target: 'all' | { readonly sid: string }) =>
  user.call('endSessions', {
    ...{ attempt: newAttempt(), target, flowLifetime: FLOW, notify: false, revoke: false },
  })

describe('grant', () => {
  it('answers the same decision with the original code expiry', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    const input = user.grantInput()
    const codeExpiresAt = seconds() + 600
    const booking = { at: seconds(), consentEnds: seconds() }
    const answer = { status: 'granted', codeExpiresAt, first: true, booking }
    expect(await user.call('grant', input)).toEqual(answer)
    advance(60)
    expect(await user.call('grant', input)).toEqual(answer)
    const repeated = { ...input, attempt: newAttempt() }
    expect(await user.call('grant', repeated)).toEqual({ status: 'granted', codeExpiresAt, first: false })
    expect(await user.call('grant', { ...repeated, digest: 'other' })).toEqual({ status: 'conflict' })
    expect(await user.rows('grants')).toHaveLength(1)
  })

  it('is over once the code is expired, redeemed or revoked', async () => {
    for (const how of ['expired', 'redeemed', 'revoked'] as const) {
      const user = new Subject()
      await user.call('login', user.loginInput())
      const input = user.grantInput()
      await user.call('grant', input)
      if (how === 'expired') advance(600)
      if (how === 'redeemed') await user.call('redeem', user.redeemInput())
      if (how === 'revoked') {
        await user.call('revokeGrants', {
          attempt: newAttempt(),
          target: { id: user.id },
          flowLifetime: FLOW,
        })
        advance(FLOW - 1)
      }
      expect(await user.call('grant', { ...input, attempt: newAttempt() }), how).toEqual(ENDED)
      expect(await user.call('redeem', user.redeemInput()), how).toEqual(how === 'redeemed' ? REUSED : GONE)
    }
  })

  it('needs an open session of the same subject', async () => {
    const user = new Subject()
    expect(await user.call('grant', user.grantInput())).toEqual(ENDED)
    expect(await user.tables()).toEqual([])
    await user.call('login', user.loginInput({ remember: false }))
    expect(await user.call('grant', user.grantInput({ record: { subject: 'other' } }))).toEqual(ENDED)
    expect(await user.call('grant', user.grantInput({ record: { sid: 'other' } }))).toEqual(ENDED)
    advance(FLOW)
    expect(await user.call('grant', user.grantInput())).toEqual(ENDED)
  })

  it('lets a flow finish whose session is remembered for less time than the flow lives', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput({ expiresAt: seconds() + 10 }))
    advance(60)
    expect(await user.call('grant', user.grantInput())).toMatchObject({ status: 'granted' })
  })
})

describe('redeem', () => {
  it('gives the grant once, and the same attempt the same answer', async () => {
    const user = new Subject()
    await user.consented()
    const input = user.redeemInput()
    const first = await user.call('redeem', input)
    const issued = { status: 'issued', generation: 1, issuedAt: seconds() }
    expect(first).toMatchObject({ ...issued, grant: { id: user.id, ...user.record() } })
    advance(5)
    expect(await user.call('redeem', input)).toEqual(first)
    expect(await user.inspect(1)).not.toBeNull()
  })

  it('revokes the family at a second redemption, and keeps saying so', async () => {
    const user = new Subject()
    await user.issued()
    const second = user.redeemInput()
    expect(await user.call('redeem', second)).toEqual(REUSED)
    expect(await user.call('redeem', second)).toEqual(REUSED)
    expect(await user.inspect(1)).toBeNull()
    expect(await user.call('refresh', user.refreshInput(1))).toEqual(GONE)
  })

  it('changes nothing for another client', async () => {
    const user = new Subject()
    await user.consented()
    expect(await user.call('redeem', user.redeemInput({ clientId: 'thief' }))).toEqual(GONE)
    expect(await user.call('redeem', user.redeemInput())).toMatchObject({ status: 'issued' })
    expect(await user.call('redeem', user.redeemInput({ clientId: 'thief' }))).toEqual(GONE)
    expect(await user.inspect(1)).not.toBeNull()
  })

  it('refuses an expired code and an unknown one', async () => {
    const user = new Subject()
    expect(await user.call('redeem', user.redeemInput())).toEqual(GONE)
    expect(await user.tables()).toEqual([])
    await user.consented()
    advance(600)
    expect(await user.call('redeem', user.redeemInput())).toEqual(GONE)
  })

  it('works after the unremembered session ran out, while the code lives', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput({ remember: false }))
    advance(FLOW - 1)
    await user.call('grant', user.grantInput({ flowExpiresAt: seconds() + 1 }))
    advance(300)
    expect(await user.call('redeem', user.redeemInput())).toMatchObject({ status: 'issued' })
  })

  it.each<[string, (user: Subject) => Promise<unknown>, object]>([
    [
      'is no longer stored',
      (user) =>
        runInDurableObject(user.stub, (_ledger, { storage }) => {
          storage.sql.exec('DELETE FROM logins WHERE kind = 1')
        }),
      { status: 'issued' },
    ],
    ['was ended', (user) => endSessions(user, { sid: user.sid }), GONE],
    [
      'was ended with all others, before the clean-up came to it',
      async (user) => {
        await endSessions(user, 'all')
        await runInDurableObject(user.stub, (_ledger, { storage }) => {
          storage.sql.exec('UPDATE logins SET ended = 0 WHERE kind = 1')
        })
      },
      GONE,
    ],
  ])('looks at a session that %s', async (_what, change, answer) => {
    const user = new Subject()
    await user.consented()
    await change(user)
    expect(await user.call('redeem', user.redeemInput())).toMatchObject(answer)
  })

  it('keeps the row as long as the tokens live', async () => {
    const user = new Subject()
    await user.consented()
    await user.call('redeem', user.redeemInput({ keepSeconds: 7200 }))
    advance(7199)
    expect(await user.inspect(1)).not.toBeNull()
    advance(1)
    expect(await user.inspect(1)).toBeNull()
  })

  it('keeps the row for ever for tokens that never expire', async () => {
    const user = new Subject()
    await user.consented()
    await user.call('redeem', user.redeemInput({ keepSeconds: null }))
    advance(4000 * DAY)
    expect(await user.inspect(1)).not.toBeNull()
  })
})

describe('listGrants', () => {
  it('leaves out what is skipped, revoked or elapsed and without tokens', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    const put = async (id: string, over: object = {}, remember = true) => {
      await user.call('grant', user.grantInput({ id, record: { remember }, ...over }))
    }
    await put('a')
    await put('b', { restsOn: 'a' })
    const other = { remember: true, clientId: 'other' }
    await put('c', { record: other, consentExpiresAt: seconds() + 900 })
    await put('d', { record: { ...other, clientId: 'third' } })
    await put('e', {}, false)
    await user.call('revokeGrants', { attempt: newAttempt(), target: { id: 'd' }, flowLifetime: FLOW })
    const ids = async () => (await user.list()).map((grant) => grant.id)
    expect(await ids()).toEqual(['e', 'c', 'a'])
    // From here on no code can give tokens any more.
    advance(600)
    expect(await ids()).toEqual(['c', 'a'])
    advance(300)
    expect(await ids()).toEqual(['a'])
  })

  describe('in pages', () => {
    const start = async () => {
      const user = new Subject()
      const sids = [user.sid, crypto.randomUUID()]
      for (const sid of sids) await user.call('login', user.loginInput({ sid }))
      for (const [at, id] of ['b', 'd', 'a', 'c'].entries()) {
        await user.call('grant', user.grantInput({ id, record: { sid: sids[at % 2] ?? '' } }))
        // The last two are of the same second.
        if (at < 2) advance(1)
      }
      const page = async (after: string | null, at?: number | null, sid: string | null = null, limit = 3) =>
        user.call('listGrants', { sid, after, limit, ...(at !== undefined && { afterGrantedAt: at }) })
      return { user, page }
    }
    const ids = (grants: readonly { readonly id: string }[]) => grants.map(({ id }) => id)

    it('has the newest first and filters by session', async () => {
      const { user, page } = await start()
      const first = await page(null, null)
      expect(ids(first)).toEqual(['c', 'a', 'd'])
      expect(ids(await page('d', first[2]?.grantedAt))).toEqual(['b'])
      expect(ids(await page('c', first[0]?.grantedAt))).toEqual(['a', 'd', 'b'])
      expect(ids(await page(null, null, user.sid))).toEqual(['a', 'b'])
      expect(ids(await page('a', first[1]?.grantedAt, user.sid, 1))).toEqual(['b'])
    })

    it('goes on behind a consent whose row is gone, and for a Worker of an older release', async () => {
      const { user, page } = await start()
      const [, , third] = await page(null, null)
      await runInDurableObject(user.stub, (_ledger, state) => {
        state.storage.sql.exec("DELETE FROM logins WHERE id = 'd'")
      })
      expect(ids(await page('d', third?.grantedAt))).toEqual(['b'])
      expect(ids(await page('a'))).toEqual(['b'])
      expect(ids(await page(null))).toEqual(['c', 'a', 'b'])
    })
  })
})
