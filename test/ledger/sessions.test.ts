import { runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { countRows, spent } from './rows.ts'
import { advance, DAY, FLOW, newAttempt, Subject, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

describe('login', () => {
  it('that is stale leaves nothing that the next calls or the alarm stumble over', async () => {
    const user = new Subject()
    const all = {
      attempt: newAttempt(),
      target: 'all',
      flowLifetime: FLOW,
      notify: false,
      revoke: false,
    } as const
    await user.call('endSessions', all)
    expect(await user.call('login', user.loginInput())).toMatchObject({ status: 'stale' })
    advance(2 * DAY)
    expect(await user.list()).toEqual([])
    await runDurableObjectAlarm(user.stub)
    expect(await user.rows('sessions')).toEqual([])
  })

  it('that is stale is stale again when its request is repeated, and ended for any other', async () => {
    const user = new Subject()
    const once = { attempt: newAttempt(), flowLifetime: FLOW, notify: false, revoke: false } as const
    await user.call('endSessions', { ...once, target: 'all' })
    const input = user.loginInput()
    for (let time = 0; time < 2; time += 1)
      expect(await user.call('login', input)).toEqual({ status: 'stale' })
    expect(await user.call('login', user.loginInput())).toEqual({ status: 'ended' })
  })

  it('starts a session that is recognised from then on', async () => {
    const user = new Subject()
    const authTime = seconds() - 5
    expect(await user.call('login', user.loginInput({ authTime }))).toEqual({
      status: 'active',
      epoch: 0,
      remembered: null,
    })
    const view = { sid: user.sid, subject: user.name, authTime, remember: true }
    expect(await user.call('session', { sid: user.sid })).toEqual(view)
  })

  it.each([
    ['recognised until it expires', { remember: true, expiresAt: 100 }, 99, true],
    ['absent once it expired', { remember: true, expiresAt: 100 }, 100, false],
    ['for ever without an end', { remember: true, expiresAt: null }, 4000 * DAY, true],
    ['never recognised when it is not remembered', { remember: false, expiresAt: null }, 0, false],
  ] as const)('is %s', async (_name, { remember, expiresAt }, wait, there) => {
    const user = new Subject()
    const ends = expiresAt === null ? null : seconds() + expiresAt
    await user.call('login', user.loginInput({ remember, expiresAt: ends }))
    advance(wait)
    expect((await user.call('session', { sid: user.sid })) !== null).toBe(there)
  })

  it('takes the same verifier again without writing', async () => {
    const user = new Subject()
    const input = user.loginInput()
    await user.call('login', input)
    const before = await user.rows('sessions')
    const again = await user.call('login', { ...input, attempt: newAttempt() })
    expect(again.status).toBe('active')
    expect(await user.rows('sessions')).toEqual(before)
  })

  it('renews a session at a newer login and leaves it at an older one', async () => {
    const user = new Subject()
    const old = user.loginInput({ remember: false })
    await user.call('login', old)
    advance(10)
    await user.call('login', user.loginInput())
    const authTime = seconds()
    await user.call('login', old)
    expect(await user.call('session', { sid: user.sid })).toMatchObject({ authTime, remember: true })
  })

  it('does not hand a session to another subject', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    expect(await user.call('login', user.loginInput({ subject: 'someone' }))).toEqual({ status: 'ended' })
  })

  it('ends the session that it replaces, in the same call', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    const sid = crypto.randomUUID()
    await user.call('login', user.loginInput({ sid, replaces: user.sid }))
    expect(await user.call('session', { sid: user.sid })).toBeNull()
    expect(await user.call('session', { sid })).not.toBeNull()
  })
})

describe('login with skip', () => {
  const cases = [
    ['a remembered session', {}, 0, 'active'],
    ['no session', null, 0, 'ended'],
    ['a session that is not remembered', { remember: false }, 0, 'ended'],
    ['an expired session', {}, 31 * DAY, 'ended'],
  ] as const
  it.each(cases)('over %s', async (_name, started, wait, status) => {
    const user = new Subject()
    if (started !== null) await user.call('login', user.loginInput(started))
    advance(wait)
    expect(await user.call('login', user.loginInput({ skip: true, expiresAt: null }))).toMatchObject({
      status,
    })
    if (started === null) expect(await user.tables()).toEqual([])
  })

  it('is refused for another subject or an ended session', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    const skip = { skip: true, expiresAt: null }
    expect(await user.call('login', user.loginInput({ ...skip, subject: 'other' }))).toEqual({
      status: 'ended',
    })
    await user.call('endSessions', {
      attempt: newAttempt(),
      target: { sid: user.sid },
      flowLifetime: FLOW,
      notify: false,
      revoke: false,
    })
    expect(await user.call('login', user.loginInput(skip))).toEqual({ status: 'ended' })
  })

  it('extends the session only when asked to', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput({ expiresAt: seconds() + 100 }))
    await user.call('login', user.loginInput({ skip: true, expiresAt: seconds() + 10 * DAY }))
    advance(9 * DAY)
    expect(await user.call('session', { sid: user.sid })).not.toBeNull()
    await user.call('login', user.loginInput({ skip: true, expiresAt: null }))
    advance(DAY)
    expect(await user.call('session', { sid: user.sid })).toBeNull()
  })
})

describe('the use of a session', () => {
  it('is noted once a tenth of the idle time has passed', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    const rows = await countRows()
    const idleSeconds = 1000
    const use = async (limits: object) => {
      const skip = { skip: true, expiresAt: null, ...limits }
      return (await spent(rows, () => user.call('login', user.loginInput(skip)))).written
    }
    advance(99)
    expect(await use({ idleSeconds })).toBe(0)
    advance(1)
    expect(await use({})).toBe(0)
    expect(await use({ idleSeconds })).toBe(1)
    expect(await use({ idleSeconds })).toBe(0)
    vi.restoreAllMocks()
    advance(999)
    expect(await user.call('session', { sid: user.sid, idleSeconds })).not.toBeNull()
    advance(1)
    expect(await user.call('session', { sid: user.sid, idleSeconds })).toBeNull()
    const late = user.loginInput({ skip: true, expiresAt: null, idleSeconds })
    expect(await user.call('login', late)).toEqual({ status: 'ended' })
    expect(await user.call('session', { sid: user.sid })).not.toBeNull()
  })
})

describe('the remembered consent', () => {
  const scopeOf = async (user: Subject, clientId = 'app') => {
    const result = await user.call('login', user.loginInput({ skip: true, expiresAt: null, clientId }))
    return result.status === 'active' ? (result.remembered?.scope ?? null) : 'ended'
  }

  it('is that of the newest remembered consent of this client', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    const consent = async (scope: readonly string[], over: object = {}, record: object = {}) => {
      advance(1)
      const id = crypto.randomUUID()
      await user.call('grant', user.grantInput({ id, record: { scope, remember: true, ...record }, ...over }))
      return id
    }
    await consent(['first'])
    const second = await consent(['second'])
    await consent(['skipped'], { restsOn: second })
    await consent(['forgotten'], {}, { remember: false })
    await consent(['other'], {}, { clientId: 'other' })
    const short = await consent(['short'], { consentExpiresAt: seconds() + 60 })
    expect(short).not.toBe(second)
    expect(await scopeOf(user)).toEqual(['short'])
    advance(60)
    // It replaced the one before.
    expect(await scopeOf(user)).toBeNull()
    const last = await consent(['last'])
    expect(await scopeOf(user)).toEqual(['last'])
    await user.call('revokeGrants', { attempt: newAttempt(), target: { id: last }, flowLifetime: FLOW })
    expect(await scopeOf(user)).toBeNull()
    expect(await scopeOf(user, 'other')).toEqual(['other'])
    expect(await scopeOf(user, 'third')).toBeNull()
  })
})

describe('endSessions', () => {
  it('leaves a tombstone that an old login verifier does not revive', async () => {
    const user = new Subject()
    const input = user.loginInput()
    await user.call('login', input)
    await user.call('endSessions', {
      attempt: newAttempt(),
      target: { sid: user.sid },
      flowLifetime: FLOW,
      notify: false,
      revoke: false,
    })
    expect(await user.call('session', { sid: user.sid })).toBeNull()
    advance(FLOW - 1)
    expect(await user.call('login', { ...input, attempt: newAttempt() })).toEqual({ status: 'ended' })
  })

  it('names what this attempt ended, again when the answer was lost', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    await user.call('login', user.loginInput({ sid: crypto.randomUUID(), remember: false }))
    const input = {
      attempt: newAttempt(),
      target: 'all',
      flowLifetime: FLOW,
      notify: false,
      revoke: false,
    } as const
    const first = await user.call('endSessions', input)
    expect(first.ended).toHaveLength(2)
    expect(await user.call('endSessions', input)).toEqual(first)
    expect(await user.call('endSessions', { ...input, attempt: newAttempt() })).toEqual({
      ended: [],
      notices: [],
      told: [],
      revoked: [],
    })
  })

  it('ends one session and leaves the others and all tokens', async () => {
    const user = new Subject()
    await user.issued()
    const other = crypto.randomUUID()
    await user.call('login', user.loginInput({ sid: other }))
    const target = { sid: user.sid }
    const { ended } = await user.call('endSessions', {
      attempt: newAttempt(),
      target,
      flowLifetime: FLOW,
      notify: false,
      revoke: false,
    })
    expect(ended).toEqual([user.sid])
    expect(await user.call('session', { sid: other })).not.toBeNull()
    expect(await user.inspect(1)).not.toBeNull()
    expect(await user.call('refresh', user.refreshInput(1))).toMatchObject({
      status: 'issued',
      generation: 2,
    })
  })

  it('makes consents and codes of the session worthless', async () => {
    const user = new Subject()
    await user.consented()
    await user.call('endSessions', {
      attempt: newAttempt(),
      target: 'all',
      flowLifetime: FLOW,
      notify: false,
      revoke: false,
    })
    expect(await user.call('redeem', user.redeemInput())).toEqual({ status: 'gone' })
    const id = crypto.randomUUID()
    expect(await user.call('grant', user.grantInput({ id }))).toEqual({ status: 'ended' })
  })
})
