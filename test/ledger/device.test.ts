import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ownerOf } from '../../src/ledger/owner.ts'
import type { LedgerMethod } from '../../src/ledger/types.ts'
import { testEnv } from '../support/bindings.ts'
import { countRows } from './rows.ts'
import { advance, callLedger, newAttempt, type PlainInput, seconds, stopClock, tablesOf } from './support.ts'

/** One device's ledger. */
class Device {
  readonly owner = ownerOf('device', crypto.randomUUID(), 'none')
  readonly stub = testEnv().LEDGER.getByName(this.owner)

  call<M extends LedgerMethod>(method: M, input: PlainInput<M>) {
    return callLedger(testEnv(), this.owner, method, input)
  }

  open(id = 'id-1', attempt = newAttempt()) {
    return this.call('openDevice', { attempt, id, request: 'client_id=tv', expiresAt: seconds() + 600 })
  }

  poll(id = 'id-1') {
    return this.call('pollDevice', { id, intervalMs: 5000 })
  }

  settle(grant: PlainInput<'settleDevice'>['grant'], id = 'id-1', attempt = newAttempt()) {
    return this.call('settleDevice', { attempt, id, grant })
  }

  rows(): Promise<readonly Record<string, SqlStorageValue>[]> {
    return runInDurableObject(this.stub, (_ledger, state) =>
      state.storage.sql.exec('SELECT * FROM devices').toArray(),
    )
  }
}

const GRANT = { owner: ownerOf('subject', 'alice', 'none'), grantId: 'grant-1', epoch: 3 }
const OTHER = { ...GRANT, grantId: 'grant-2' }

beforeEach(stopClock)
afterEach(() => {
  vi.useRealTimers()
})

describe('a ledger of no device', () => {
  it('finds nothing and makes nothing, however often it is asked', async () => {
    const device = new Device()
    expect(await device.call('findDevice', null)).toBeNull()
    expect(await device.poll()).toEqual({ status: 'gone' })
    expect(await device.settle(GRANT)).toEqual({ status: 'gone' })
    expect(await tablesOf(device.stub)).toEqual([])
  })
})

describe('a device', () => {
  it('costs four rows to open: its table two, itself and its alarm', async () => {
    const rows = await countRows()
    const device = new Device()
    await device.open()
    expect(rows().written).toBe(4)
    vi.restoreAllMocks()
  })

  it('is opened once under a user code, and again when it has expired', async () => {
    const device = new Device()
    expect(await device.open('id-1')).toEqual({ opened: true })
    expect(await device.open('id-1')).toEqual({ opened: true })
    expect(await device.open('id-2')).toEqual({ opened: false })
    expect(await device.call('findDevice', null)).toEqual({
      id: 'id-1',
      request: 'client_id=tv',
      expiresAt: seconds() + 600,
    })
    advance(600)
    expect(await device.call('findDevice', null)).toBeNull()
    expect(await device.poll()).toEqual({ status: 'gone' })
    expect(await device.settle(GRANT)).toEqual({ status: 'gone' })
    expect(await device.open('id-2')).toEqual({ opened: true })
    expect(await device.rows()).toHaveLength(1)
    expect(await device.poll('id-1')).toEqual({ status: 'gone' })
    expect(await device.settle(GRANT, 'id-1')).toEqual({ status: 'gone' })
  })

  it.each([
    ['an approval', GRANT, { status: 'approved', grant: GRANT }, [OTHER, null]],
    ['a denial', null, { status: 'denied' }, [GRANT]],
  ])('is settled by %s, once', async (_what, answer, told, others) => {
    const device = new Device()
    await device.open()
    const attempt = newAttempt()
    expect(await device.settle(answer, 'id-1', attempt)).toEqual({ status: 'settled', first: true })
    expect(await device.settle(answer, 'id-1', attempt)).toEqual({ status: 'settled', first: true })
    expect(await device.settle(answer)).toEqual({ status: 'settled', first: false })
    const taken = answer === null ? { status: 'taken' } : { status: 'taken', approved: answer }
    for (const other of others) expect(await device.settle(other)).toEqual(taken)
    expect(await device.call('findDevice', null)).toBeNull()
    expect(await device.poll()).toEqual(told)
    expect(await device.poll()).toEqual(told)
  })

  it('is denied after an approval once that very grant was retracted, and for good', async () => {
    const device = new Device()
    await device.open()
    await device.settle(GRANT)
    const deny = (retracted: string, attempt = newAttempt()) =>
      device.call('settleDevice', { attempt, id: 'id-1', grant: null, retracted })
    expect(await deny('grant-2')).toEqual({ status: 'taken', approved: GRANT })
    expect(await device.poll()).toEqual({ status: 'approved', grant: GRANT })
    const attempt = newAttempt()
    for (let times = 0; times < 2; times += 1)
      expect(await deny('grant-1', attempt)).toEqual({ status: 'settled', first: true })
    expect(await device.poll()).toEqual({ status: 'denied' })
    expect(await device.settle(GRANT)).toEqual({ status: 'taken' })
  })

  it('is told to slow down by the clock, without a row written', async () => {
    const device = new Device()
    await device.open()
    const before = await device.rows()
    const told: string[] = []
    for (const pause of [0, 4, 5, 4.6]) {
      advance(pause)
      told.push((await device.poll()).status)
    }
    expect(told).toEqual(['pending', 'slow_down', 'pending', 'pending'])
    expect(await device.rows()).toEqual(before)
    await evictDurableObject(device.stub)
    expect(await device.poll()).toEqual({ status: 'pending' })
  })

  it('is forgotten after its time', async () => {
    const device = new Device()
    await device.open()
    advance(600 + 3600)
    expect(await runDurableObjectAlarm(device.stub)).toBe(true)
    expect(await tablesOf(device.stub)).toEqual([])
  })
})

/** A device as this release wrote it first. Never edit, as the samples in stored-format.test.ts. */
const RELEASE_1 = {
  devices: `CREATE TABLE devices (id TEXT NOT NULL PRIMARY KEY, request TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending', owner TEXT, grant_id TEXT, epoch INTEGER, attempt TEXT NOT NULL,
    expires INTEGER NOT NULL) WITHOUT ROWID`,
  device: `INSERT INTO devices VALUES ('id-1', 'client_id=tv', 'approved', '${GRANT.owner}', 'grant-1', 3, 'attempt-1',
    99999999999)`,
}

it('reads and writes the stored format of release 1', async () => {
  const old = new Device()
  await runInDurableObject(old.stub, (_ledger, state) => {
    for (const statement of Object.values(RELEASE_1)) state.storage.sql.exec(statement)
  })
  await evictDurableObject(old.stub)
  expect(await old.poll()).toEqual({ status: 'approved', grant: GRANT })
  const written = new Device()
  await written.open()
  const sql = await runInDurableObject(written.stub, (_ledger, state) =>
    state.storage.sql.exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = 'devices'").one(),
  )
  expect(sql.sql).toBe(RELEASE_1.devices.replace(/\s+/g, ' '))
})
