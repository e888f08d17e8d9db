import { evictDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { countRows, plantGrants, type Rows, spent } from './rows.ts'
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

const MANY = 20_000

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

async function costs(plant: boolean): Promise<Record<string, Rows>> {
  const user = new Subject()
  await user.issued({}, { record: { remember: true }, consentExpiresAt: seconds() + 90 * DAY })
  if (plant) {
    // Of other clients too, remembered or not, in this session and others.
    const id =
      "CASE WHEN n % 2 THEN substr(one.id, 1, 18) || printf('-%012d', n) ELSE printf('planted-%012d', n) END"
    const client = "CASE WHEN n % 3 THEN 'app' ELSE printf('client-%d', n) END"
    await plantGrants(user, MANY, { id, client, remembered: 'CASE WHEN n % 3 THEN 0 ELSE 1 END' })
  }
  await evictDurableObject(user.stub)
  await user.call('ping', null)
  const rows = await countRows()
  const found: Record<string, Rows> = {}
  for (const [name, run] of STEPS) found[name] = await spent(rows, () => run(user))
  vi.restoreAllMocks()
  return found
}

it('a login and all that follows cost the same with 20,000 grants as with one', async () => {
  const few = await costs(false)
  const many = await costs(true)
  // A logout that revokes looks at 100 grants of its session, and no more.
  const { 'a logout': logout, ...others } = many
  const { 'a logout': small, ...same } = few
  expect(others).toEqual(same)
  expect(logout?.read).toBeLessThan(1000)
  for (const { read } of Object.values(same)) expect(read).toBeLessThan(40)
  expect(small?.read).toBeLessThan(40)
})
