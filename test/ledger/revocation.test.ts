import { runDurableObjectAlarm } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { advance, FLOW, newAttempt, Subject, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

type Target = { readonly id: string } | { readonly clientId: string } | 'all'

const revoke = (user: Subject, target: Target, attempt = newAttempt()) =>
  user.call('revokeGrants', { attempt, target, flowLifetime: FLOW })

/** The epoch that a flow of this client sees now. */
async function epochOf(user: Subject, clientId = 'app'): Promise<number> {
  const result = await user.call('login', user.loginInput({ clientId }))
  return result.status === 'active' ? result.epoch : Number.NaN
}

describe('revokeGrant', () => {
  it('kills the family for its client only', async () => {
    const user = new Subject()
    await user.issued()
    const input = { attempt: newAttempt(), id: user.id, clientId: 'app', flowLifetime: FLOW }
    expect(await user.call('revokeGrant', { ...input, clientId: 'thief' })).toEqual({ revoked: false })
    expect(await user.inspect(1)).not.toBeNull()
    expect(await user.call('revokeGrant', input)).toEqual({ revoked: true })
    expect(await user.call('revokeGrant', input)).toEqual({ revoked: true })
    expect(await user.call('revokeGrant', { ...input, attempt: newAttempt() })).toEqual({ revoked: false })
    expect(await user.inspect(1)).toBeNull()
    expect(await user.call('refresh', user.refreshInput(1))).toEqual({ status: 'gone' })
  })

  it('keeps nothing of what was consented to', async () => {
    const user = new Subject()
    await user.issued()
    await revoke(user, 'all')
    expect(await user.rows('grants')).toMatchObject([{ id: user.id, revoked: 1, record: '' }])
  })
})

describe('retractGrant', () => {
  const retract = (user: Subject, attempt = newAttempt()) =>
    user.call('retractGrant', { attempt, id: user.id, flowLifetime: FLOW })

  it('takes back what no tokens came of, so that the code is worthless', async () => {
    const user = new Subject()
    await user.consented({}, { record: { remember: true } })
    const attempt = newAttempt()
    for (let times = 0; times < 2; times += 1)
      expect(await retract(user, attempt)).toEqual({ status: 'retracted', revoked: [user.id] })
    expect(await retract(user)).toEqual({ status: 'retracted', revoked: [] })
    expect(await user.call('redeem', user.redeemInput())).toEqual({ status: 'gone' })
    expect(await user.list()).toEqual([])
  })

  it('leaves tokens alone, and finds nothing to take back once they are revoked', async () => {
    const user = new Subject()
    await user.issued()
    expect(await retract(user)).toEqual({ status: 'redeemed' })
    expect(await user.inspect(1)).not.toBeNull()
    await user.call('revokeGrant', {
      attempt: newAttempt(),
      id: user.id,
      clientId: 'app',
      flowLifetime: FLOW,
    })
    expect(await retract(user)).toEqual({ status: 'retracted', revoked: [] })
  })
})

it('retracts a grant whose tokens expired, though its row is still there', async () => {
  const user = new Subject()
  await user.issued()
  advance(31 * 86_400)
  const input = { attempt: newAttempt(), id: user.id, flowLifetime: FLOW }
  expect(await user.call('retractGrant', input)).toEqual({ status: 'retracted', revoked: [] })
})

describe('revokeGrants', () => {
  const grants = async (user: Subject) => {
    await user.call('login', user.loginInput())
    for (const [id, clientId] of [
      ['a', 'app'],
      ['b', 'app'],
      ['c', 'other'],
    ] as const) {
      await user.call('grant', user.grantInput({ id, record: { clientId } }))
    }
  }

  it.each([
    [{ id: 'b' }, ['b'], ['a', 'c']],
    [{ clientId: 'app' }, ['a', 'b'], ['c']],
    ['all', ['a', 'b', 'c'], []],
    [{ id: 'nothing' }, [], ['a', 'b', 'c']],
    [{ clientId: 'nobody' }, [], ['a', 'b', 'c']],
  ] as const)('of %j', async (target, revoked, left) => {
    const user = new Subject()
    await grants(user)
    const attempt = newAttempt()
    expect(await revoke(user, target, attempt)).toEqual({ revoked })
    expect(await revoke(user, target, attempt)).toEqual({ revoked })
    expect(await revoke(user, target)).toEqual({ revoked: [] })
    expect((await user.list()).map((grant) => grant.id).toSorted()).toEqual(left)
  })

  it.each(['', '\u0000logins', '\u0000tokens'])(
    'of %j, which no client is called, ends nothing',
    async (clientId) => {
      const user = new Subject()
      await user.issued()
      expect(await revoke(user, { clientId })).toEqual({ revoked: [] })
      expect(await user.inspect(1)).not.toBeNull()
      expect(await user.call('session', { sid: user.sid })).not.toBeNull()
      expect(await user.tables()).not.toContain('epochs')
    },
  )

  it('creates nothing where there is nothing', async () => {
    const user = new Subject()
    expect(await revoke(user, 'all')).toEqual({ revoked: [] })
    expect(await user.tables()).toEqual([])
  })
})

describe('epochs', () => {
  it.each([
    ['all', 'app', true],
    ['all', 'other', true],
    [{ clientId: 'app' }, 'app', true],
    [{ clientId: 'app' }, 'other', false],
    [{ id: 'some' }, 'app', false],
  ] as const)('revoking %j makes a flow of %s worthless: %s', async (target, clientId, refused) => {
    const user = new Subject()
    const epoch = await epochOf(user, clientId)
    await revoke(user, target)
    const flow = { id: crypto.randomUUID(), epoch, record: { clientId } }
    const status = refused ? 'ended' : 'granted'
    expect(await user.call('grant', user.grantInput(flow))).toMatchObject({ status })
    const fresh = { ...flow, id: crypto.randomUUID(), epoch: await epochOf(user, clientId) }
    expect(await user.call('grant', user.grantInput(fresh))).toMatchObject({ status: 'granted' })
  })

  it('makes a code of an older epoch worthless', async () => {
    const user = new Subject()
    await epochOf(user)
    await revoke(user, 'all')
    const epoch = await epochOf(user)
    await user.call('grant', user.grantInput({ epoch }))
    expect(await user.call('redeem', user.redeemInput({ epoch: 0 }))).toEqual({ status: 'gone' })
    expect(await user.call('redeem', user.redeemInput({ epoch }))).toMatchObject({ status: 'issued' })
  })

  it('refuses every flow from before a revocation and none from after, across clean-ups', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    await revoke(user, { clientId: 'app' })
    await revoke(user, 'all')
    const rows = await user.rows('epochs')
    expect(rows).toHaveLength(2)
    advance(FLOW - 60)
    const epoch = await epochOf(user)
    advance(120)
    // The rows of both revocations are over while a flow that began after them is still under way.
    await user.call('grant', user.grantInput({ id: 'kept', epoch }))
    expect(await epochOf(user)).toBe(epoch)
    expect(await user.list()).toMatchObject([{ id: 'kept' }])
    advance(2 * FLOW + 3600)
    await runDurableObjectAlarm(user.stub)
    // The greatest stays as long as anything does, so that the next one is greater.
    expect(await user.rows('epochs')).toMatchObject([{ client: '', value: epoch }])
    const second = await epochOf(user)
    await revoke(user, { clientId: 'app' })
    for (const old of [second, epoch]) {
      expect(await user.call('grant', user.grantInput({ id: 'late', epoch: old }))).toEqual({
        status: 'ended',
      })
    }
  })

  it('never uses a number twice, however fast revocations follow each other', async () => {
    const user = new Subject()
    const seen = new Set<number>([await epochOf(user)])
    for (let round = 0; round < 6; round += 1) {
      const before = await epochOf(user)
      await revoke(user, round % 2 === 0 ? 'all' : { clientId: 'app' })
      const epoch = await epochOf(user)
      expect(seen.has(epoch)).toBe(false)
      seen.add(epoch)
      const late = user.grantInput({ id: `flow-${round}`, epoch: before })
      expect(await user.call('grant', late)).toEqual({ status: 'ended' })
    }
  })

  it('is raised once by a repeated call', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    const attempt = newAttempt()
    await revoke(user, 'all', attempt)
    const epoch = await epochOf(user)
    advance(1)
    await revoke(user, 'all', attempt)
    expect(await epochOf(user)).toBe(epoch)
    expect(epoch).toBeGreaterThanOrEqual(seconds() * 1000 - 1000)
  })
})
