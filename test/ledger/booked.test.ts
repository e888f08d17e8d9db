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

describe('what stands of a subject', () => {
  const asked = (user: User, clientId: string | null = null) => user.call('standing', { clientId })
  const revocation = () => ({ attempt: newAttempt(), flowLifetime: FLOW })

  it('is what has a live token or code, or a remembered consent', async () => {
    const user = new User()
    expect(await asked(user)).toEqual({ at: seconds(), subject: null, clients: [] })
    const tokens = await user.granting({ record: { clientId: 'tokens' } })
    const consent = await user.granting(remembered({ record: { clientId: 'consent' } }))
    await user.granting({ record: { clientId: 'code' } })
    const of = async (clientId: string | null) => (await asked(user, clientId)).clients.toSorted()
    expect(await of(null)).toEqual(['code', 'consent', 'tokens'])
    await user.call('redeem', { ...user.redeemInput(), id: tokens.id, clientId: 'tokens' })
    advance(DAY)
    expect(await of(null)).toEqual(['consent', 'tokens'])
    expect([await of('code'), await of('tokens')]).toEqual([[], ['tokens']])
    await user.call('revokeGrant', { ...revocation(), id: consent.id, clientId: 'consent' })
    expect(await of('consent')).toEqual(['consent'])
    const target: PlainInput<'revokeGrants'>['target'] = { id: consent.id }
    await user.call('revokeGrants', { ...revocation(), target })
    expect(await of('consent')).toEqual([])
    await user.call('revokeGrants', { ...revocation(), target: 'all' })
    expect(await asked(user)).toEqual({ at: seconds(), subject: user.name, clients: [] })
  })

  it('is a client as long as another of its grants is alive', async () => {
    const user = new User()
    const one = await user.granting()
    const two = await user.granting()
    for (const [{ id }, left] of [
      [one, ['app']],
      [two, []],
    ] as const) {
      await user.call('revokeGrant', { ...revocation(), id, clientId: 'app' })
      expect((await asked(user, 'app')).clients).toEqual(left)
    }
  })
})
