import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { directoryOf, grantIdFor, sessionPrefix } from '../../src/ledger/owner.ts'
import { LOGINS } from '../../src/ledger/schema.ts'
import { sidOf } from '../../src/util/ids.ts'
import { testEnv } from '../support/bindings.ts'
import { countRows, plantGrants, plantSessions, spent } from './rows.ts'
import { advance, callLedger, FLOW, newAttempt, Subject, seconds, stopClock } from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** How long a flow lasts by other settings, seconds. */
const SHORT = 60

/** What one has who has very many. */
const MANY = { grants: 20_000, sessions: 1000 }

const erase = (user: Subject, attempt = newAttempt()) =>
  user.call('erase', { attempt, flowLifetime: FLOW, endsProviderSession: true })

const bind = (user: Subject, sid: string) =>
  callLedger(testEnv(), directoryOf(sidOf(sid), 'none'), 'bindSession', { sid, owner: user.owner })

const ownersOf = (sid: string) =>
  callLedger(testEnv(), directoryOf(sidOf(sid), 'none'), 'owners', { prefix: sessionPrefix(sidOf(sid)) })

const heldBy = async (user: Subject) =>
  (await user.call('listHeld', { after: null, limit: 100, size: 1e6 })).held

/** Everything that the object stores, as text. */
const stored = async (user: Subject): Promise<string> =>
  JSON.stringify(await Promise.all((await user.tables()).map((table) => user.rows(table))))

/** What is stored, without the ids of sessions, which an alarm may take at any moment after an erasure. */
const storedBesideSessions = async (user: Subject): Promise<string> => {
  const tables = (await user.tables()).map((table) => (table === 'logins' ? 'grants' : table))
  return JSON.stringify(await Promise.all(tables.map((table) => user.rows(table))))
}

/** Remembered session and consent, tokens, a client to tell, and a session of the identity provider. */
async function known(): Promise<Subject> {
  const user = new Subject()
  await bind(user, user.sid)
  await user.issued(
    { providerSession: 'session-at-the-provider' },
    { notify: true, record: { remember: true, context: 'what the apps said', query: 'login_hint=her-name' } },
  )
  return user
}

describe('erasing a subject', () => {
  it('ends everything, tells its clients and the identity provider, and leaves nothing that says who it was', async () => {
    const user = await known()
    const { notices } = await erase(user)
    expect(notices).toMatchObject([
      { kind: 'client', client: 'app', subject: user.name, sid: user.sid },
      { kind: 'identity_provider', sid: 'session-at-the-provider' },
    ])
    expect(await user.inspect(1)).toBeNull()
    expect(await user.call('refresh', user.refreshInput(1))).toEqual({ status: 'gone' })
    expect(await user.call('session', { sid: user.sid })).toBeNull()
    expect(await user.list()).toEqual([])
    expect(await heldBy(user)).toMatchObject([{ kind: 'notice' }, { kind: 'notice' }])

    await user.call('settleNotices', { ids: notices.map(({ id }) => id) })
    const text = await stored(user)
    for (const known of [user.name, 'gold', 'what the apps said', 'her-name', '"app', 'at-the-provider'])
      expect(text, known).not.toContain(known)
    expect(await user.rows('grants')).toEqual([])
  })

  it('is over when the last flow is: first the session ids go from the directory, then the object', async () => {
    const user = await known()
    const { notices } = await erase(user)
    await user.call('settleNotices', { ids: notices.map(({ id }) => id) })
    // An alarm that is due may have fired already: then the next one waits for the flow.
    const [due, afterFlow] = [seconds() * 1000, (seconds() + FLOW) * 1000]
    const alarm = await user.alarm()
    expect([due, afterFlow]).toContain(alarm)
    if (alarm === due) await runDurableObjectAlarm(user.stub)
    expect(await user.rows('sessions')).toEqual([])
    expect(await ownersOf(user.sid)).toEqual([])
    expect(await user.alarm()).toBe(afterFlow)
    advance(FLOW)
    await runDurableObjectAlarm(user.stub)
    expect(await user.tables()).toEqual([])
    expect(await user.alarm()).toBeNull()
  })

  it.each([
    ['before the alarm', async () => undefined],
    ['after it', (user: Subject) => runDurableObjectAlarm(user.stub)],
  ])('refuses what was in progress, %s', async (_when, then) => {
    const user = new Subject()
    const other = { id: crypto.randomUUID(), sid: crypto.randomUUID() }
    await user.consented()
    await erase(user)
    await then(user)
    const refused = expect.stringMatching(/^(ended|stale|gone)$/)
    const asked = [
      await user.call('redeem', user.redeemInput()),
      await user.call('grant', user.grantInput()),
      await user.call('grant', user.grantInput({ id: other.id })),
      await user.call('login', user.loginInput()),
      await user.call('login', user.loginInput({ sid: other.sid })),
      await user.call('login', user.loginInput({ skip: true, expiresAt: null })),
      await user.call('grant', user.grantInput({ id: other.id, record: { sid: other.sid } })),
    ]
    expect(asked).toEqual(asked.map(() => ({ status: refused })))
    expect(await stored(user)).not.toContain(user.name)
  })

  it('lets somebody of that name log in again, whom the alarm spares', async () => {
    const user = await known()
    await erase(user)
    const epoch = await user.call('loginEpoch', null)
    const sid = sidOf(crypto.randomUUID())
    const again = await user.call('login', user.loginInput({ sid, epoch }))
    if (again.status !== 'active') throw new Error(again.status)
    const id = grantIdFor(sid)
    await user.call('grant', user.grantInput({ id, epoch: again.epoch, record: { sid } }))
    await user.call('redeem', user.redeemInput({ id, epoch: again.epoch }))
    for (const wait of [0, FLOW, 7200]) {
      advance(wait)
      await runDurableObjectAlarm(user.stub)
    }
    expect((await heldBy(user)).filter(({ kind }) => kind !== 'notice')).toMatchObject([
      { kind: 'session', id: sid, active: true },
      { kind: 'grant', id, active: true },
    ])
    expect(await user.rows('epochs')).toHaveLength(1)
  })

  it.each([
    ['before the alarm', 0, 0],
    ['after it', 0, 1],
    ['behind the clean-up of very many', 150, 12],
  ])(
    'ends tokens for good, though somebody of that name logs in again in the same flow: %s',
    async (_when, others, runs) => {
      const user = await known()
      await plantSessions(user, others, { sid: "printf('0-planted-%012d', n)" })
      await erase(user)
      for (let run = 0; run < runs; run += 1) await runDurableObjectAlarm(user.stub)
      const epoch = await user.call('loginEpoch', null)
      const again = await user.call('login', user.loginInput({ epoch }))
      expect(again).toEqual({ status: expect.stringMatching(/^(ended|stale)$/) })
      expect(await user.call('grant', user.grantInput({ epoch: Date.now() + 10 }))).toEqual({
        status: 'ended',
      })
      expect(await user.inspect(1)).toBeNull()
      expect(await user.call('refresh', user.refreshInput(1))).toEqual({ status: 'gone' })
      expect(await storedBesideSessions(user)).not.toContain('her-name')
    },
  )

  it('ends them for good also where flows may last longer than the settings of now say', async () => {
    const user = await known()
    await user.call('erase', { attempt: newAttempt(), flowLifetime: SHORT, endsProviderSession: true })
    advance(SHORT + 1)
    await runDurableObjectAlarm(user.stub)
    const epoch = await user.call('loginEpoch', null)
    const again = await user.call('login', user.loginInput({ epoch }))
    expect(again).toEqual({ status: expect.stringMatching(/^(ended|stale)$/) })
  })

  it('comes to more sessions than one call takes, and tells all their clients', async () => {
    const user = new Subject()
    for (let at = 0; at < 130; at += 1) {
      const sid = sidOf(crypto.randomUUID())
      await bind(user, sid)
      await user.call('login', user.loginInput({ sid }))
      await user.call('grant', user.grantInput({ id: grantIdFor(sid), notify: true, record: { sid } }))
    }
    expect((await erase(user)).notices).toHaveLength(100)
    expect(await user.call('countSessions', null)).toBe(0)
    for (let run = 0; run < 12 && (await user.rows('sessions')).length > 0; run += 1)
      await runDurableObjectAlarm(user.stub)
    expect(await user.rows('sessions')).toEqual([])
    expect(await user.rows('sweeps')).toEqual([])
  })

  it('that is repeated gives the same answer, and does nothing again', async () => {
    const user = await known()
    const attempt = newAttempt()
    const first = await erase(user, attempt)
    const before = await storedBesideSessions(user)
    const second = await erase(user, attempt)
    expect(second.notices).toHaveLength(2)
    expect(first.notices).toEqual(expect.arrayContaining([...second.notices]))
    expect(await storedBesideSessions(user)).toBe(before)
    expect(await erase(user)).toEqual({ at: expect.any(Number), notices: [] })
  })

  it('of whom nothing is known keeps a login from before away, and is over as soon', async () => {
    const user = new Subject()
    expect(await erase(user)).toEqual({ at: expect.any(Number), notices: [] })
    expect(await user.call('login', user.loginInput())).toEqual({ status: 'stale' })
    advance(FLOW + 7200)
    await runDurableObjectAlarm(user.stub)
    expect(await user.tables()).toEqual([])
  })

  it('goes on where the clients of a session cannot be read, and names it', async () => {
    const log = vi.spyOn(console, 'log').mockReturnValue(undefined)
    const user = await known()
    await plantSessions(user, 2, { sid: "printf('planted-%012d', n)" })
    await runInDurableObject(user.stub, (_ledger, { storage }) => {
      storage.sql.exec("UPDATE logins SET recipients = '{' WHERE id = 'planted-000000000001'")
    })
    const { notices, untold } = await erase(user)
    expect(untold).toEqual(['planted-000000000001'])
    expect(notices.filter(({ kind }) => kind === 'client')).toHaveLength(2)
    expect(notices.filter(({ kind }) => kind === 'identity_provider')).toHaveLength(3)
    expect(log.mock.calls.map(([line]) => JSON.parse(String(line)))).toContainEqual({
      kind: 'ledger.row_unreadable',
      table: 'sessions',
      key: 'planted-000000000001',
    })
    expect(await storedBesideSessions(user)).not.toContain('her-name')
    await runInDurableObject(user.stub, (ledger) => ledger.alarm())
    expect(await user.rows('sessions')).toEqual([])
    expect(await erase(user)).toEqual({ at: expect.any(Number), notices: [] })
  })

  it('tells the identity provider of every session, those that the call does not come to among them', async () => {
    const user = await known()
    await plantSessions(user, 150, { sid: "printf('planted-%012d', n)", provider_session: "'at-' || n" })
    expect((await erase(user)).notices.filter(({ kind }) => kind === 'identity_provider')).toHaveLength(100)
    for (let run = 0; run < 30; run += 1) await runDurableObjectAlarm(user.stub)
    const told = (await user.rows('notices')).filter(({ kind }) => kind === 'identity_provider')
    expect(new Set(told.map(({ sid }) => sid)).size).toBe(151)
    expect(await user.rows('sessions')).toEqual([])
  })

  it('leaves an earlier end of all sessions known for as long as it was', async () => {
    const user = new Subject()
    await user.issued()
    const ending = { attempt: newAttempt(), target: 'all', flowLifetime: FLOW } as const
    await user.call('endSessions', { ...ending, notify: false, revoke: true })
    const before = await user.call('loginEpoch', null)
    const ends = (await user.rows('epochs')).find(({ client }) => client === LOGINS)?.['expires']
    await erase(user)
    for (const wait of [0, FLOW + 1, 7200]) {
      advance(wait)
      await runDurableObjectAlarm(user.stub)
    }
    expect(await user.call('loginEpoch', null)).toBeGreaterThanOrEqual(before)
    // The greatest epoch stays as long as the object does.
    expect(await user.rows('epochs')).toMatchObject([{ client: '' }, { client: LOGINS, expires: ends }])
    expect(await stored(user)).not.toContain(user.name)
    vi.setSystemTime((Number(ends) + 7200) * 1000)
    await runDurableObjectAlarm(user.stub)
    expect(await user.tables()).toEqual([])
  })

  it('of very many grants and sessions is one call, behind which the alarm empties the sessions', async () => {
    const user = new Subject()
    await user.issued()
    const planted = "printf('planted-%012d', n)"
    await plantSessions(user, MANY.sessions, { sid: planted })
    await plantGrants(user, MANY.grants, { id: planted, sid: planted, remembered: '0' })
    const rows = await countRows()
    const call = await spent(rows, () => erase(user))
    // Each grant's row is deleted; of the sessions only those that the call ends itself are written.
    expect(call.written).toBeLessThan(MANY.grants + 500)
    expect(await user.rows('grants')).toEqual([])
    expect(await user.call('countSessions', null)).toBe(0)
    let runs = 0
    for (; (await user.rows('sessions')).length > 0; runs += 1) await runDurableObjectAlarm(user.stub)
    expect(runs).toBeLessThan(MANY.sessions / 100 + MANY.sessions / 500 + 5)
    expect(await stored(user)).not.toContain(user.name)
  })
})
