import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { countRows, plantGrants, plantSessions, type Rows, spent } from './rows.ts'
import { advance, DAY, FLOW, newAttempt, Subject, seconds, stopClock } from './support.ts'

// An alarm that is due would fire by itself; one of tomorrow waits for the test.
beforeEach(() => {
  stopClock()
  advance(DAY)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const MANY = 100_000

type Step = readonly [name: string, run: (user: Subject) => Promise<unknown>]

const again = { sid: 'again', id: 'again-grant', flowLifetime: FLOW } as const
const ending = (sid: string) => ({
  ...{ attempt: newAttempt(), target: { sid }, flowLifetime: FLOW },
  ...{ notify: true, revoke: true },
})

/** Everything that a browser, a client or a resource server asks of the ledger in the life of a login. */
const STEPS: readonly Step[] = [
  ['a known session', (user) => user.call('session', { sid: user.sid })],
  ['a login that skips', (user) => user.call('login', user.loginInput({ skip: true, expiresAt: null }))],
  ['a login', (user) => user.call('login', user.loginInput({ sid: again.sid, replaces: user.sid }))],
  ['another client', (user) => user.call('login', user.loginInput({ sid: again.sid, clientId: 'other' }))],
  [
    'a remembered consent in the place of another',
    (user) => {
      const record = { sid: again.sid, remember: true }
      return user.call('grant', user.grantInput({ id: again.id, record, notify: true }))
    },
  ],
  ['a code', (user) => user.call('redeem', user.redeemInput({ id: again.id }))],
  ['a refresh', (user) => user.call('refresh', user.refreshInput(1, { id: again.id }))],
  [
    'an introspection',
    (user) => {
      const grace = { seconds: 60, uses: 0 }
      return user.call('inspect', { id: again.id, generation: 2, grace, use: 'access_token' })
    },
  ],
  [
    'the revocation of a token whose consent was replaced',
    (user) =>
      user.call('revokeGrant', { attempt: newAttempt(), id: user.id, clientId: 'app', flowLifetime: FLOW }),
  ],
  ['a logout', (user) => user.call('endSessions', ending(again.sid))],
]

async function costs(count: number): Promise<Record<string, Rows>> {
  const user = new Subject()
  await user.issued({}, { record: { remember: true }, consentExpiresAt: seconds() + 90 * DAY })
  // Of other clients too, remembered or not, in this session and others.
  const id =
    "CASE WHEN n % 2 THEN substr(one.id, 1, 18) || printf('-%012d', n) ELSE printf('planted-%012d', n) END"
  const client = "CASE WHEN n % 3 THEN 'app' ELSE printf('client-%d', n) END"
  await plantGrants(user, count, { id, client, remembered: 'CASE WHEN n % 3 THEN 0 ELSE 1 END' })
  await user.call('ping', null)
  await evictDurableObject(user.stub)
  await user.call('ping', null)
  const rows = await countRows()
  const found: Record<string, Rows> = {}
  for (const [name, run] of STEPS) found[name] = await spent(rows, () => run(user))
  vi.restoreAllMocks()
  return found
}

it('a login and all that follows cost with 100,000 grants what they cost with 10', async () => {
  const few = await costs(9)
  const many = await costs(MANY)
  for (const [name, { read, written }] of Object.entries(many)) {
    // A logout that revokes looks at 100 grants of its session, and no more.
    const looked = name === 'a logout' ? 1000 : 0
    expect(read, name).toBeLessThan((few[name]?.read ?? 0) + 10 + looked)
    // The two indexes.
    expect(written, name).toBeLessThanOrEqual((few[name]?.written ?? 0) + 2 + looked / 5)
  }
  for (const { read } of Object.values(few)) expect(read).toBeLessThan(100)
})

describe('a session whose list of clients cannot be read', () => {
  const PLANTED = "printf('planted-%012d', n)"

  beforeEach(() => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined)
  })

  const change = (user: Subject, statement: string) =>
    runInDurableObject(user.stub, (_ledger, { storage }) => {
      storage.sql.exec(statement)
    })

  /** A user whose grants alone say which client their session tells. */
  async function damaged(): Promise<Subject> {
    const user = new Subject()
    await user.issued({ expiresAt: null }, { notify: true })
    await change(user, "UPDATE logins SET recipients = 'x' WHERE kind = 1")
    return user
  }

  it('does not keep its user from a grant more than are looked at', async () => {
    const user = await damaged()
    await plantGrants(user, 99, { id: PLANTED })
    await user.call('login', user.loginInput({ sid: again.sid }))
    const input = user.grantInput({ id: again.id, record: { sid: again.sid }, notify: true })
    expect(await user.call('grant', input)).toMatchObject({ status: 'granted' })
    expect(await user.rows('remembered')).toEqual([])
    expect(await user.tables()).toContain('remembered')
    expect((await user.rows('sessions')).map(({ recipients }) => recipients)).toEqual(
      expect.arrayContaining(['x', '[["app","{\\"instance\\":\\"instance-1\\"}"]]']),
    )
  })

  it('does not keep what expired', async () => {
    const user = await damaged()
    await change(user, `UPDATE logins SET expires = ${seconds() - 1} WHERE kind = 0`)
    await user.call('consumeId', { attempt: newAttempt(), id: 'jti-1', expiresAt: seconds() + 1 })
    advance(DAY)
    await runDurableObjectAlarm(user.stub)
    expect(await user.rows('grants')).toEqual([])
    expect(await user.rows('consumed')).toEqual([])
    expect(await user.rows('sessions')).toMatchObject([{ ended: 0, recipients: 'x' }])
  })

  it('does not keep its user from being erased', async () => {
    const user = new Subject()
    await user.issued({}, { notify: true })
    const recipients = "CASE WHEN n = 120 THEN 'x' ELSE one.recipients END"
    await plantSessions(user, 150, { sid: PLANTED, recipients })
    await plantGrants(user, 90, { id: PLANTED, sid: "printf('planted-%012d', n + 60)" })
    await user.call('erase', { attempt: newAttempt(), flowLifetime: FLOW, endsProviderSession: false })
    expect(await user.rows('grants')).toEqual([])
    for (let run = 0; run < 20 && (await user.rows('sweeps')).length > 0; run += 1) {
      await runDurableObjectAlarm(user.stub)
      advance(60)
    }
    expect(await user.rows('sweeps')).toEqual([])
    expect(JSON.stringify(await user.rows('sessions'))).not.toContain(user.name)
  })
})
