import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Residency } from '../../src/config/residency.ts'
import { Ledgers } from '../../src/ledger/client.ts'
import { directoryOf, ownerOf } from '../../src/ledger/owner.ts'
import { PROTOCOL } from '../../src/ledger/protocol.ts'
import type { Sid } from '../../src/util/ids.ts'
import { testEnv } from '../support/bindings.ts'
import { notingLedgers } from '../support/namespace.ts'
import { countRows, plantGrants, spent } from './rows.ts'
import {
  advance,
  asMeant,
  callLedger,
  DAY,
  FLOW,
  newAttempt,
  type PlainInput,
  Subject,
  seconds,
  stopClock,
  tablesOf,
} from './support.ts'

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const HOUR = 3600
const EUROPE: Residency = { jurisdiction: 'eu', jurisdictions: ['eu'], location: null }

/** Directory entries of a session, as the login writes them beside the ledger. */
const directory = (sid: Sid) => {
  const owner = directoryOf(sid, 'none')
  return {
    bindSession: (entry: PlainInput<'bindSession'>) => callLedger(testEnv(), owner, 'bindSession', entry),
    owners: (input: PlainInput<'owners'>) => callLedger(testEnv(), owner, 'owners', input),
  }
}

describe('an empty object', () => {
  const asked: readonly ((user: Subject) => Promise<unknown>)[] = [
    (user) => user.call('ping', null),
    (user) => user.call('session', { sid: 's' }),
    (user) => user.call('loginEpoch', null),
    (user) => user.inspect(1),
    (user) => user.list(),
    (user) => user.call('listSessions', { after: null, offset: 0, limit: 10 }),
    (user) => user.call('listHeld', { after: null, limit: 10, size: 1000 }),
    (user) => user.call('isIdRevoked', { id: 'x' }),
    (user) => user.call('owners', { prefix: 'x' }),
    (user) => user.call('getBlob', { id: 'x' }),
    (user) => user.call('unbindSessions', { sids: ['x'] }),
    (user) => user.call('login', user.loginInput({ skip: true })),
    (user) => user.call('grant', user.grantInput()),
    (user) => user.call('redeem', user.redeemInput()),
    (user) => user.call('refresh', user.refreshInput(1)),
    (user) =>
      user.call('endSessions', {
        attempt: 'a',
        target: { sid: 'x' },
        flowLifetime: FLOW,
        notify: false,
        revoke: false,
      }),
    (user) => user.call('revokeGrants', { attempt: 'a', target: 'all', flowLifetime: FLOW }),
    (user) => user.call('revokeGrant', { attempt: 'a', id: 'g', clientId: 'app', flowLifetime: FLOW }),
  ]

  it('stays empty whatever is asked or refused', async () => {
    const user = new Subject()
    for (const ask of asked) await ask(user)
    expect(await user.tables()).toEqual([])
    expect(await user.alarm()).toBeNull()
  })

  it('makes the tables of a concern with its first write', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput())
    expect(await user.tables()).toEqual(['logins'])
    await user.call('consumeId', { attempt: 'a', id: 'x', expiresAt: seconds() + 60 })
    expect(await user.tables()).toEqual(['logins', 'consumed'])
  })
})

describe('rows written', () => {
  it('of a consent are one, one more for each of two indexes if there are many', async () => {
    const user = new Subject()
    await user.issued({}, { record: { remember: true } })
    const rows = await countRows()
    const consent = async (over: Parameters<Subject['grantInput']>[0]) => {
      const input = user.grantInput({ id: crypto.randomUUID(), ...over })
      return (await spent(rows, () => user.call('grant', input))).written
    }
    expect(await consent({})).toBe(1)
    expect(await consent({ notify: true })).toBe(1)
    // The consent, and the end of the one before.
    expect(await consent({ notify: true, record: { remember: true } })).toBe(2)
    await plantGrants(user, 120, { id: "printf('planted-%012d', n)", remembered: '0' })
    expect(await consent({})).toBe(1)
    expect(await consent({ notify: true, record: { instance: 'another' } })).toBe(2)
    expect(await consent({ notify: true, record: { instance: 'another' } })).toBe(1)
    expect(await consent({ record: { clientId: 'other', remember: true } })).toBe(2)
  })

  it('are one for a refresh, one for a revocation and none for a repeat', async () => {
    const user = new Subject()
    await user.issued()
    const rows = await countRows()
    const costs = async (run: () => Promise<unknown>) => (await spent(rows, run)).written
    const refresh = user.refreshInput(1)
    expect(await costs(() => user.call('refresh', refresh))).toBe(1)
    expect(await costs(() => user.call('refresh', refresh))).toBe(0)
    expect(await costs(() => user.call('refresh', user.refreshInput(1)))).toBe(0)
    const revoke = { attempt: newAttempt(), id: user.id, clientId: 'app', flowLifetime: FLOW }
    expect(await costs(() => user.call('revokeGrant', revoke))).toBe(1)
    expect(await costs(() => user.call('revokeGrant', revoke))).toBe(0)
  })
})

describe('the alarm', () => {
  it('deletes what expired, tells the directory, and deletes the object when it is empty', async () => {
    const user = new Subject()
    await directory(user.sid).bindSession({ sid: user.sid, owner: user.owner })
    await user.issued({ remember: false })
    advance(2 * HOUR)
    expect(await runDurableObjectAlarm(user.stub)).toBe(true)
    expect(await user.rows('grants')).toHaveLength(1)
    expect(await directory(user.sid).owners({ prefix: user.sid })).toHaveLength(1)
    expect(await user.alarm()).toBe((seconds() - 2 * HOUR + 30 * DAY + HOUR) * 1000)
    advance(30 * DAY)
    expect(await runDurableObjectAlarm(user.stub)).toBe(true)
    expect(await directory(user.sid).owners({ prefix: user.sid })).toEqual([])
    expect(await user.tables()).toEqual([])
    expect(await user.alarm()).toBeNull()
  })

  it('leaves the directory alone where the object does not say whose ledger it is', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const user = new Subject()
    await directory(user.sid).bindSession({ sid: user.sid, owner: user.owner })
    const stub = testEnv().LEDGER.get(testEnv().LEDGER.newUniqueId())
    const login = asMeant<'login'>(user.loginInput({ remember: false }))
    await runInDurableObject(stub, (ledger) => ledger.run('login', login, PROTOCOL))
    advance(30 * DAY)
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await tablesOf(stub)).toEqual([])
    expect(await directory(user.sid).owners({ prefix: user.sid })).toHaveLength(1)
    expect(log.mock.calls.map(([line]) => JSON.parse(String(line)))).toContainEqual({
      kind: 'ledger.owner_unknown',
      sessions: 1,
    })
  })

  it('leaves the object usable after deleting everything', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput({ remember: false }))
    advance(2 * HOUR)
    await runDurableObjectAlarm(user.stub)
    expect(await user.tables()).toEqual([])
    await user.issued()
    expect(await user.inspect(1)).not.toBeNull()
    expect(await user.alarm()).not.toBeNull()
  })

  it('is only ever moved to an earlier time by requests', async () => {
    const user = new Subject()
    const due = (expires: number) => (expires + HOUR) * 1000
    const put = (id: string, expiresAt: number) => user.call('putBlob', { id, data: id, expiresAt })
    const start = seconds()
    await put('later', start + 500)
    expect(await user.alarm()).toBe(due(start + 500))
    await put('latest', start + 900)
    expect(await user.alarm()).toBe(due(start + 500))
    await put('sooner', start + 100)
    expect(await user.alarm()).toBe(due(start + 100))
  })

  it.each(['overdue', 'missing'] as const)('is set again by a call that finds it %s', async (how) => {
    const user = new Subject()
    await user.call('putBlob', { id: 'x', data: 'x', expiresAt: seconds() + 60 })
    if (how === 'overdue') advance(2 * HOUR)
    else {
      await runInDurableObject(user.stub, (_ledger, state) => state.storage.deleteAlarm())
      await evictDurableObject(user.stub)
    }
    const expected = how === 'overdue' ? Date.now() : (seconds() + 60 + HOUR) * 1000
    expect(await user.call('getBlob', { id: 'y' })).toBeNull()
    expect(await user.alarm()).toBe(expected)
  })

  it('takes an end beyond what the platform can plan', async () => {
    const user = new Subject()
    const end = seconds() + 1000 * 365 * DAY
    await user.call('login', user.loginInput({ expiresAt: end, flowExpiresAt: end }))
    expect(await user.alarm()).toBe(Date.UTC(2180))
    expect(await user.call('session', { sid: user.sid })).not.toBeNull()
  })

  it('rests while nothing ever expires', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput({ expiresAt: null }))
    advance(2 * HOUR)
    await runDurableObjectAlarm(user.stub)
    expect(await user.alarm()).toBeNull()
    expect(await user.call('session', { sid: user.sid })).not.toBeNull()
    expect(await user.alarm()).toBeNull()
  })

  it('keeps everything and comes back soon when the directory cannot be reached', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput({ remember: false }))
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    const broken = vi.spyOn(Object.getPrototypeOf(await ledgerOf(user)), 'run')
    broken.mockImplementation(() => {
      throw new Error('unreachable')
    })
    advance(2 * HOUR)
    await runDurableObjectAlarm(user.stub)
    const kinds = log.mock.calls.map(([line]) => JSON.parse(String(line)).kind)
    expect(kinds).toEqual(['ledger.failed', 'ledger.sweep_failed'])
    expect(await user.rows('sessions')).toHaveLength(1)
    expect(await user.alarm()).toBe(Date.now() + 300_000)
    broken.mockRestore()
    await runDurableObjectAlarm(user.stub)
    expect(await user.tables()).toEqual([])
  })

  it('is set before anything else where the platform repeats a run', async () => {
    const user = new Subject()
    await user.call('login', user.loginInput({ remember: false }))
    const alarms: number[] = []
    const { storage } = await runInDurableObject(user.stub, (_ledger, state) => state)
    vi.spyOn(Object.getPrototypeOf(storage), 'setAlarm').mockImplementation(async (at) => {
      alarms.push(Number(at))
    })
    advance(2 * HOUR)
    const run = (isRetry: boolean) =>
      runInDurableObject(user.stub, (ledger) =>
        ledger.alarm?.({ isRetry, retryCount: Number(isRetry), scheduledTime: Date.now() }),
      )
    const broken = vi.spyOn(Object.getPrototypeOf(await ledgerOf(user)), 'run')
    broken.mockImplementation(() => {
      alarms.push(0)
      throw new Error('unreachable')
    })
    vi.spyOn(console, 'log').mockImplementation(() => {})
    const soon = Date.now() + 300_000
    await run(false)
    expect(alarms).toEqual([0, soon])
    await run(true)
    expect(alarms).toEqual([0, soon, soon, 0])
  })

  it('comes back soon after a failure of any kind', async () => {
    const user = new Subject()
    await user.call('putBlob', { id: 'x', data: 'x', expiresAt: seconds() + 60 })
    await runInDurableObject(user.stub, (_ledger, state) =>
      state.storage.sql.exec('DROP TABLE blobs').toArray(),
    )
    vi.spyOn(console, 'log').mockImplementation(() => {})
    advance(2 * HOUR)
    expect(await runDurableObjectAlarm(user.stub)).toBe(true)
    expect(await user.alarm()).toBe(Date.now() + 300_000)
  })

  it('keeps an ended session known as ended while a code of it lives', async () => {
    const user = new Subject()
    await user.consented({}, { codeLifetime: 4 * HOUR })
    await user.call('endSessions', {
      attempt: newAttempt(),
      target: { sid: user.sid },
      flowLifetime: FLOW,
      notify: false,
      revoke: false,
    })
    advance(3 * HOUR)
    expect(await runDurableObjectAlarm(user.stub)).toBe(true)
    expect(await user.call('redeem', user.redeemInput())).toEqual({ status: 'gone' })
    advance(3 * HOUR)
    expect(await runDurableObjectAlarm(user.stub)).toBe(true)
    expect(await user.tables()).toEqual([])
  })

  it.each([
    ['of a session that never ends', null, 0],
    ['of a session that ends later than a month from now', 60 * DAY, 0],
    ['of a session that ends soon, whose alarm deletes both', 20 * DAY, 1],
  ])('deletes an expired grant %s, and its client is told all the same', async (_name, lasts, kept) => {
    const user = new Subject()
    await user.consented({ expiresAt: lasts === null ? null : seconds() + lasts }, { notify: true })
    await user.call('redeem', user.redeemInput({ keepSeconds: HOUR }))
    advance(DAY)
    await runDurableObjectAlarm(user.stub)
    expect(await user.rows('grants')).toHaveLength(kept)
    const target = { sid: user.sid }
    const ending = { attempt: newAttempt(), target, flowLifetime: FLOW, notify: true, revoke: false }
    expect((await user.call('endSessions', ending)).told).toMatchObject([{ client: 'app' }])
  })

  it('forgets which consent was remembered when that is gone', async () => {
    const user = new Subject()
    await user.issued({}, { record: { remember: true, rememberFor: 60 }, consentExpiresAt: seconds() + 60 })
    // A ledger with few grants looks at all of them.
    await plantGrants(user, 120, { id: "printf('planted-%012d', n)", remembered: '0' })
    const other = { id: crypto.randomUUID(), record: { clientId: 'other', remember: true } }
    await user.call('grant', user.grantInput(other))
    await user.call('revokeGrant', {
      attempt: newAttempt(),
      id: user.id,
      clientId: 'app',
      flowLifetime: FLOW,
    })
    expect(await user.rows('remembered')).toHaveLength(2)
    advance(32 * DAY)
    await runDurableObjectAlarm(user.stub)
    expect(await user.rows('remembered')).toEqual([{ client: 'other', id: other.id }])
  })

  it('does nothing to an object that was deleted before it ran', async () => {
    const user = new Subject()
    await runInDurableObject(user.stub, (_ledger, state) => state.storage.setAlarm(Date.now() + DAY * 1000))
    expect(await runDurableObjectAlarm(user.stub)).toBe(true)
    expect(await user.tables()).toEqual([])
    expect(await user.alarm()).toBeNull()
  })
})

/** The instance behind a stub. */
function ledgerOf(user: Subject): Promise<object> {
  return runInDurableObject(user.stub, (ledger) => ledger)
}

describe('eviction', () => {
  it('loses nothing', async () => {
    const user = new Subject()
    await user.issued()
    await user.call('refresh', user.refreshInput(1))
    const due = await user.alarm()
    await evictDurableObject(user.stub)
    expect(await user.call('session', { sid: user.sid })).not.toBeNull()
    expect(await user.call('refresh', user.refreshInput(2))).toMatchObject({ generation: 3, via: 'advance' })
    expect(await user.alarm()).toBe(due)
  })
})

describe('a failing change', () => {
  it('leaves no row, no table and no alarm behind, and the object usable', async () => {
    const user = new Subject()
    const input = { id: 'x', data: 'x', expiresAt: Number.NaN }
    await expect(user.call('putBlob', input)).rejects.toMatchObject({ code: 'server_error' })
    expect(await user.tables()).toEqual([])
    expect(await user.alarm()).toBeNull()
    await user.call('putBlob', { ...input, expiresAt: seconds() + 60 })
    expect(await tablesOf(user.stub)).toEqual(['blobs'])
    expect(await user.alarm()).toBe((seconds() + 60 + HOUR) * 1000)
  })

  it('leaves the alarm movable when it had moved it', async () => {
    const user = new Subject()
    const expiresAt = seconds() + 60 * DAY
    await user.issued({ expiresAt }, { record: { remember: true } })
    const due = await user.alarm()
    await runInDurableObject(user.stub, (_ledger, state) =>
      state.storage.sql.exec(`UPDATE logins SET record = '{"v":0}' WHERE kind = 0`).toArray(),
    )
    const flowExpiresAt = seconds() + 60
    const failing = user.call('login', user.loginInput({ sid: 'second', expiresAt, flowExpiresAt }))
    await expect(failing).rejects.toMatchObject({ code: 'server_error' })
    expect(await user.rows('sessions')).toHaveLength(1)
    expect(await user.alarm()).toBe(due)
    await user.call('login', user.loginInput({ sid: 'second', expiresAt, flowExpiresAt, clientId: 'other' }))
    expect(await user.alarm()).toBe((flowExpiresAt + 31 * DAY) * 1000)
  })
})

it('in a jurisdiction takes its sessions out of the directory there', async () => {
  const name = crypto.randomUUID()
  const owner = ownerOf('subject', name, 'eu')
  const user = new Subject()
  const stub = testEnv().LEDGER.getByName(owner)
  const { env } = notingLedgers(testEnv())
  const input = { ...user.loginInput({ subject: name }), expiresAt: seconds() + HOUR }
  await new Ledgers(env.LEDGER, undefined, EUROPE).call(owner, 'login', asMeant<'login'>(input))
  // The local runtime has no jurisdictions, which the object's own calls would need.
  const called = vi.spyOn(Ledgers.prototype, 'call').mockResolvedValue(null)
  advance(60 * DAY)
  await evictDurableObject(stub)
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  expect(called.mock.calls).toEqual([
    [directoryOf(user.sid, 'eu'), 'unbindSessions', { sids: [user.sid], owner }],
  ])
})
