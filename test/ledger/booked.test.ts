import { beforeEach, describe, expect, it, vi } from 'vitest'
import { grantIdFor } from '../../src/ledger/owner.ts'
import { plantGrants } from './rows.ts'
import { advance, DAY, FLOW, newAttempt, type PlainInput, Subject, seconds, stopClock } from './support.ts'

/** Noon, so that hours later is the same day. */
const NOON = Date.UTC(2027, 0, 1, 12)

beforeEach(() => {
  stopClock()
  vi.setSystemTime(NOON)
})

type Over = Parameters<Subject['grantInput']>[0]

/** A subject that logs in again and again. */
class User extends Subject {
  /** Grants something anew, in the same session; returns what the book is told. */
  async granting(over: Over = {}) {
    await this.call('login', this.loginInput({ epoch: 0 }))
    const record = { handledAt: seconds(), ...over?.record }
    const input = this.grantInput({ id: grantIdFor(this.sid), ...over, record })
    const answer = await this.call('grant', input)
    if (answer.status !== 'granted') throw new Error(answer.status)
    return { id: input.id, booking: answer.booking }
  }
}

const told = (consentEnds: number | null = seconds()) => ({ at: seconds(), consentEnds })
const remembered = (over: Over = {}): Over => ({ ...over, record: { remember: true, ...over?.record } })

describe('what a grant tells the grants book', () => {
  it('is nothing new on the same day, and once a day else', async () => {
    const user = new User()
    expect((await user.granting()).booking).toEqual(told())
    for (let hour = 0; hour < 3; hour += 1) {
      advance(3600)
      expect((await user.granting()).booking).toBeNull()
    }
    advance(DAY)
    expect((await user.granting()).booking).toEqual(told())
    expect((await user.granting()).booking).toBeNull()
  })

  it('is told for each client, and for other scopes in any order', async () => {
    const user = new User()
    await user.granting()
    expect((await user.granting({ record: { clientId: 'other' } })).booking).toEqual(told())
    expect((await user.granting({ record: { scope: ['offline', 'openid'] } })).booking).toBeNull()
    advance(60)
    expect((await user.granting({ record: { scope: ['openid'] } })).booking).toEqual(told())
    advance(60)
    expect((await user.granting()).booking).toEqual(told())
  })

  it('has the end of the consent that is remembered, not of those that rest on it', async () => {
    const user = new User()
    const first = await user.granting(remembered())
    expect(first.booking).toEqual(told(null))
    const resting = remembered({ restsOn: first.id })
    expect((await user.granting(resting)).booking).toBeNull()
    advance(DAY)
    expect((await user.granting(resting)).booking).toEqual(told(null))
    advance(DAY)
    expect((await user.granting()).booking).toEqual(told(null))
    const month = seconds() + 30 * DAY
    const shorter = remembered({ record: { rememberFor: 30 * DAY }, consentExpiresAt: month })
    advance(60)
    expect((await user.granting(shorter)).booking).toEqual(told(month))
    advance(60)
    expect((await user.granting(shorter)).booking).toBeNull()
  })

  it('is told again after what was granted that day was revoked', async () => {
    const user = new User()
    const { id } = await user.granting()
    await user.call('revokeGrant', { attempt: newAttempt(), id, clientId: 'app', flowLifetime: FLOW })
    expect((await user.granting()).booking).toEqual(told())
  })

  it('is told by a login that an unreadable grant of the day does not stop', async () => {
    const user = new User()
    await user.granting()
    await plantGrants(user, 1, {
      id: "'unreadable'",
      client: "'app'",
      granted_at: String(seconds() + 60),
      record: "'{}'",
    })
    expect((await user.granting()).booking).toEqual(told())
  })

  it('is told by the attempt that made the grant alone', async () => {
    const user = new User()
    await user.call('login', user.loginInput())
    const input = user.grantInput()
    await user.call('grant', input)
    expect(await user.call('grant', { ...input, attempt: newAttempt() })).not.toHaveProperty('booking')
  })

  it('looks at few rows of a subject with very many', async () => {
    const user = new User()
    await user.granting()
    await plantGrants(user, 20_000, { id: "printf('00000000-%012d', n)", client: "'other'" })
    expect((await user.granting()).booking).toEqual(told())
  })
})

describe('what ended, for the grants book', () => {
  const revocation = () => ({ attempt: newAttempt(), flowLifetime: FLOW, tellEnds: true })
  const over = (user: User, clients: readonly string[] | null) => ({
    at: seconds(),
    subject: user.name,
    clients,
  })
  const revoke = (user: User, id: string, clientId = 'app') =>
    user.call('revokeGrant', { ...revocation(), id, clientId })
  const revokeAll = (user: User, target: PlainInput<'revokeGrants'>['target']) =>
    user.call('revokeGrants', { ...revocation(), target })

  it('is a client with neither a live token or code, nor a remembered consent', async () => {
    const user = new User()
    const [one, two] = [await user.granting(), await user.granting()]
    expect(await revoke(user, one.id)).toEqual({ revoked: true })
    expect(await revoke(user, two.id)).toEqual({ revoked: true, ends: over(user, ['app']) })
    const consent = await user.granting(remembered())
    expect(await revoke(user, consent.id)).not.toHaveProperty('ends')
    expect((await revokeAll(user, { id: consent.id })).ends).toEqual(over(user, ['app']))
  })

  it('is told to whoever asks, and only of what this attempt ended', async () => {
    const user = new User()
    const { id } = await user.granting()
    const input = { attempt: newAttempt(), flowLifetime: FLOW, id, clientId: 'app' }
    expect(await user.call('revokeGrant', input)).toEqual({ revoked: true })
    expect(await user.call('revokeGrant', { ...input, tellEnds: true })).toHaveProperty('ends')
    expect(await revoke(user, id)).toEqual({ revoked: false })
    expect(await revoke(user, id, 'other')).toEqual({ revoked: false })
    expect((await revokeAll(user, { id })).ends).toBeUndefined()
  })

  it('is a client, or all, where all of it is revoked', async () => {
    const user = new User()
    for (const clientId of ['app', 'shop', 'other']) await user.granting(remembered({ record: { clientId } }))
    expect((await revokeAll(user, { clientId: 'shop' })).ends).toEqual(over(user, ['shop']))
    expect((await revokeAll(user, { clientId: 'unknown' })).ends).toBeUndefined()
    expect((await revokeAll(user, 'all')).ends).toEqual(over(user, null))
  })

  it('is what a session leaves nothing of, when its tokens are revoked with it', async () => {
    const user = new User()
    await user.granting({ record: { clientId: 'shop' } })
    await user.granting(remembered())
    const ending = { ...revocation(), notify: false, target: { sid: user.sid } } as const
    expect(await user.call('endSessions', { ...ending, revoke: false })).not.toHaveProperty('ends')
    const other = new User()
    await other.granting({ record: { clientId: 'shop' } })
    await other.granting(remembered())
    for (const target of [{ sid: other.sid }, 'all'] as const) {
      const { ends } = await other.call('endSessions', {
        ...revocation(),
        notify: false,
        target,
        revoke: true,
      })
      expect(ends).toEqual(target === 'all' ? undefined : over(other, ['shop']))
    }
  })

  it.each(['redeem', 'refresh'] as const)(
    'is told of a credential that was used again: %s',
    async (method) => {
      const user = new User()
      const { id } = await user.granting()
      await user.call('redeem', { ...user.redeemInput(), id })
      const grace = { seconds: 0, uses: 0 }
      const again = { id, attempt: newAttempt(), tellEnds: true }
      await user.call('refresh', { ...user.refreshInput(1, { grace }), id })
      const result =
        method === 'redeem'
          ? await user.call('redeem', { ...user.redeemInput(), ...again })
          : await user.call('refresh', { ...user.refreshInput(1, { grace }), ...again })
      expect(result).toEqual({ status: 'reused', ends: over(user, ['app']) })
    },
  )

  it.each([
    [900, true],
    [1000, false],
  ])('is looked for among at most a thousand grants: %i others', async (count, isTold) => {
    const user = new User()
    const { id } = await user.granting()
    await plantGrants(user, count, { id: "printf('00000000-%012d', n)", client: "'other'" })
    expect((await revoke(user, id)).ends).toEqual(isTold ? over(user, ['app']) : undefined)
    expect((await revokeAll(user, 'all')).ends).toEqual(over(user, null))
  })
})
