import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { resolved } from '../../src/ledger/layout.ts'
import type { Input } from '../../src/ledger/types.ts'
import { countRows, plantGrants, plantSessions, type Rows, spent } from './rows.ts'
import { advance, DAY, FLOW, newAttempt, type PlainInput, Subject, seconds, stopClock } from './support.ts'

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
const GRACE = { seconds: 60, uses: 0 }

/** The id of a planted session or grant; `n` is its number. */
const planted = (n: number): string => `planted-${String(n).padStart(12, '0')}`
const PLANTED = "printf('planted-%012d', n)"
const SOME = [1, 99, 101, 499, 501, MANY / 2, MANY].map(planted)

interface Case {
  readonly name: string
  /** What the subject has before, besides one session and one grant. */
  readonly plant: (user: Subject) => Promise<void>
  readonly end: (user: Subject) => Promise<{ readonly revoked: readonly string[]; readonly more?: true }>
  /** Whether consents end too, or tokens only. */
  readonly consents: boolean
  /** Whether the planted sessions end: some sessions of the subject are looked at. */
  readonly sessions: boolean
}

const revoke = (target: (user: Subject) => PlainInput<'revokeGrants'>['target']) => (user: Subject) =>
  user.call('revokeGrants', { attempt: newAttempt(), target: target(user), flowLifetime: FLOW })

const end = (target: (user: Subject) => PlainInput<'endSessions'>['target']) => (user: Subject) =>
  user.call('endSessions', {
    ...{ attempt: newAttempt(), target: target(user), flowLifetime: FLOW },
    ...{ notify: true, revoke: true },
  })

/** Of a month: no flow of theirs goes on, of which a tombstone would be left. */
const OLD = { flow_expires: `one.flow_expires - ${DAY}` }

const grantsEach = (user: Subject) => plantGrants(user, MANY, { id: PLANTED, ...OLD })
const sessionsEach = async (user: Subject) => {
  await plantSessions(user, MANY, { sid: PLANTED })
  await plantGrants(user, MANY, { id: PLANTED, sid: PLANTED, remembered: '0', ...OLD })
}
const resting = (user: Subject) =>
  plantGrants(user, MANY, { id: PLANTED, remembered: '0', skipped: '1', rests_on: 'one.id', ...OLD })
const inOneSession = (user: Subject) =>
  plantGrants(user, MANY, { id: `substr(one.id, 1, 18) || printf('-%012d', n)`, remembered: '0', ...OLD })

const cases: readonly Case[] = [
  { name: 'all consents', plant: grantsEach, end: revoke(() => 'all'), consents: true, sessions: false },
  {
    name: 'the consents to a client',
    plant: grantsEach,
    end: revoke(() => ({ clientId: 'app' })),
    ...{ consents: true, sessions: false },
  },
  {
    name: 'a consent that others rest on',
    plant: resting,
    end: revoke(({ id }) => ({ id })),
    ...{ consents: true, sessions: false },
  },
  { name: 'all sessions', plant: sessionsEach, end: end(() => 'all'), consents: false, sessions: true },
  {
    name: 'one session',
    plant: inOneSession,
    end: end(({ sid }) => ({ sid })),
    ...{ consents: false, sessions: false },
  },
]

async function isAlive(user: Subject, id: string): Promise<readonly boolean[]> {
  const limits: Input<'refresh'>['limits'] = { scope: ['openid', 'offline'], audience: [], strategy: 'exact' }
  const inspected = await user.call('inspect', { id, generation: 1, grace: GRACE, use: 'access_token' })
  const refreshed = await user.call('refresh', { ...user.refreshInput(1), id, limits, hook: 'ask' })
  return [inspected !== null, refreshed.status === 'issued']
}

/** Fires the alarm until nothing is left to clean. Returns what each run cost. */
async function sweepAll(user: Subject, rows: () => Rows): Promise<readonly Rows[]> {
  const runs: Rows[] = []
  while ((await user.rows('sweeps')).length > 0) {
    expect(await user.alarm()).toBeLessThanOrEqual(Date.now())
    runs.push(await spent(rows, () => runDurableObjectAlarm(user.stub)))
  }
  return runs
}

it.each(cases)('$name: 20,000 end at once, and their rows go in batches', async ({ plant, end, ...what }) => {
  const user = new Subject()
  await user.issued({}, { record: { remember: true } })
  await plant(user)
  const ids = await idsOf(user)
  for (const id of ids) expect(await isAlive(user, id)).toEqual([true, true])
  const rows = await countRows()
  const attempt = await spent(rows, async () => {
    const { revoked, more } = await end(user)
    expect(revoked.length).toBeLessThanOrEqual(101)
    expect(more).toBe(true)
  })
  // 100 sessions and 100 grants at most, an epoch for each, what is left to do, tables and the alarm.
  expect(attempt.written).toBeLessThan(250)
  expect(attempt.read).toBeLessThan(2000)
  for (const id of [user.id, ...ids]) expect(await isAlive(user, id), id).toEqual([false, false])
  const listed = what.consents ? [] : [user.id]
  expect((await user.list()).map(({ id }) => id)).toEqual(listed)
  expect(await user.call('countGrants', { sid: null })).toBe(listed.length)
  if (what.sessions) {
    for (const sid of SOME) expect(await user.call('session', { sid }), sid).toBeNull()
    const skip = { sid: planted(501), skip: true, expiresAt: null }
    expect(await user.call('login', user.loginInput(skip))).toEqual({ status: 'ended' })
  }
  const login = await user.call('login', user.loginInput({ sid: 'another', epoch: Date.now() + 10 }))
  expect(login).toMatchObject({ status: 'active', remembered: what.consents ? null : { id: user.id } })
  const epoch = login.status === 'active' ? login.epoch : 0
  const fresh = { id: 'fresh', record: { sid: 'another', remember: true }, epoch }
  expect(await user.call('grant', user.grantInput(fresh))).toMatchObject({ status: 'granted' })
  expect(await user.call('redeem', user.redeemInput({ id: 'fresh', epoch }))).toMatchObject({
    status: 'issued',
  })
  const runs = await sweepAll(user, rows)
  expect(runs.length).toBeGreaterThan(MANY / 500 - 2)
  // No run deletes or changes more than a batch, and none reads all rows.
  for (const run of runs.slice(0, -1)) {
    expect(run.written).toBeLessThanOrEqual(1300)
    expect(run.read).toBeLessThan(10_000)
  }
  expect(await isAlive(user, 'fresh')).toEqual([true, true])
  expect(await select(user, 'SELECT id FROM grants WHERE revoked = 0')).toEqual(['fresh'])
  expect(await select(user, 'SELECT count(*) FROM grants WHERE revoked = 1')).toSatisfy(
    ([left]) => left <= 102,
  )
  const open = await select(user, 'SELECT count(*) FROM sessions WHERE ended = 0')
  expect(open).toEqual([what.consents ? 2 : 1])
})

/** The first column of what a query finds. */
const select = (user: Subject, query: string): Promise<readonly unknown[]> =>
  runInDurableObject(user.stub, (_ledger, { storage }) =>
    [...storage.sql.exec(resolved(query)).raw()].map(([first]) => first),
  )

/** Some planted grants: within what a call looks at itself, beyond it, and beyond a batch. */
async function idsOf(user: Subject): Promise<readonly string[]> {
  const places = [0, 98, 100, 498, 500, MANY / 2, MANY - 1]
  const ids = await Promise.all(
    places.map((place) =>
      select(user, `SELECT id FROM grants WHERE id <> '${user.id}' ORDER BY id LIMIT 1 OFFSET ${place}`),
    ),
  )
  const found = ids.flat().map(String)
  expect(found).toHaveLength(places.length)
  return found
}

it('is told to every client, of every session', async () => {
  const user = new Subject()
  await user.issued({}, { notify: true })
  const sessions = 250
  await plantSessions(user, sessions, { sid: PLANTED })
  const input = {
    attempt: newAttempt(),
    target: 'all',
    flowLifetime: FLOW,
    notify: true,
    revoke: false,
  } as const
  const { ended, moreEnded, notices } = await user.call('endSessions', input)
  expect([ended.length, moreEnded, notices.length]).toEqual([100, true, 100])
  const told = new Set(notices.map(({ sid }) => sid))
  // Nobody delivers here: the alarm tries 20 at a time, and queues the next when all were tried.
  for (let run = 0; run < 60 && (await user.rows('sweeps')).length > 0; run += 1) {
    await runDurableObjectAlarm(user.stub)
    if ((await user.rows('notices')).every(({ due }) => Number(due) > seconds())) advance(1)
    const queued = (await user.rows('notices')).map(({ sid }) => String(sid))
    for (const sid of queued) told.add(sid)
  }
  expect(told.size).toBe(sessions + 1)
  expect((await user.rows('sessions')).filter(({ ended }) => ended === 0)).toEqual([])
})

it('is not held up by notices that were given up', async () => {
  const user = new Subject()
  await user.issued({}, { notify: true })
  await plantSessions(user, 250, { sid: PLANTED })
  await end(() => 'all')(user)
  await runInDurableObject(user.stub, (_ledger, { storage }) => {
    storage.sql.exec('UPDATE notices SET due = ?, expires = ?', seconds() - 60, seconds() - 1).toArray()
  })
  let runs = 0
  for (; runs < 20 && (await user.rows('sweeps')).length > 0; runs += 1) {
    await runDurableObjectAlarm(user.stub)
    await runInDurableObject(user.stub, (_ledger, { storage }) => {
      storage.sql.exec('UPDATE notices SET due = ?, expires = ?', seconds() - 60, seconds() - 1).toArray()
    })
  }
  expect(runs).toBeLessThan(6)
  expect(await select(user, 'SELECT count(*) FROM sessions WHERE ended = 0')).toEqual([0])
})

it('is told to clients of sessions that have expired before the clean-up comes', async () => {
  const user = new Subject()
  await user.issued({}, { notify: true })
  const soon = String(seconds() + 30)
  await plantSessions(user, 150, { sid: PLANTED, expires: soon, ends: soon })
  await end(() => 'all')(user)
  advance(31)
  await runDurableObjectAlarm(user.stub)
  expect(await user.rows('notices')).toHaveLength(151)
})

it('is not stopped by a row that cannot be read', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  const user = new Subject()
  await user.issued({}, { notify: true, record: { remember: true } })
  const damaged = `CASE WHEN n = 120 THEN 'x' ELSE one`
  await plantSessions(user, 150, { sid: PLANTED, recipients: `${damaged}.recipients END` })
  await plantGrants(user, 150, { id: PLANTED, sid: PLANTED, record: `${damaged}.record END` })
  await end(() => 'all')(user)
  for (let run = 0; run < 20 && (await user.rows('sweeps')).length > 0; run += 1) {
    await runDurableObjectAlarm(user.stub)
    advance(60)
  }
  expect(await user.rows('sweeps')).toEqual([])
  expect(await select(user, 'SELECT count(*) FROM sessions WHERE ended = 0')).toEqual([0])
  expect(await select(user, 'SELECT count(*) FROM grants WHERE revoked = 0')).toEqual([0])
  expect(await user.rows('notices')).toHaveLength(150)
  const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)))
  const unreadable = lines.filter(({ kind }) => kind === 'ledger.row_unreadable')
  expect(unreadable.map(({ table, key }) => `${table} ${key}`).toSorted()).toEqual([
    'grants planted-000000000120',
    'sessions planted-000000000120',
  ])
})

it('never reuses an epoch, however far the clock is set back', async () => {
  const user = new Subject()
  await user.issued()
  await revoke(() => 'all')(user)
  const epochs = [Number((await user.rows('epochs'))[0]?.['value'])]
  advance(-90 * 86_400)
  for (let round = 0; round < 3; round += 1) {
    const login = await user.call('login', user.loginInput())
    const epoch = login.status === 'active' ? login.epoch : 0
    const id = `after-${round}`
    await user.call('grant', user.grantInput({ id, epoch }))
    await user.call('redeem', user.redeemInput({ id, epoch }))
    expect(await isAlive(user, id)).toEqual([true, true])
    advance(FLOW + 7200)
    await runDurableObjectAlarm(user.stub)
    expect(await isAlive(user, id)).toEqual([true, true])
    await revoke(() => 'all')(user)
    expect(await isAlive(user, id)).toEqual([false, false])
    epochs.push(Number((await user.rows('epochs'))[0]?.['value']))
    advance(-90 * 86_400)
  }
  expect(epochs).toEqual([...new Set(epochs)].toSorted((one, other) => one - other))
})
